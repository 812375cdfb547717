import { defineConfig } from "vite";

const GATEWAY = "http://127.0.0.1:8080";

// Everything is referred to relatively, so that the console works under any sub-path.
export default defineConfig({
  base: "./",
  server: { proxy: { "/v1": GATEWAY, "/auth": GATEWAY } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700, // tools/size.mjs looks at what is sent: that, compressed
    rollupOptions: {
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning); // "use client": there is no server
      },
    },
  },
});
