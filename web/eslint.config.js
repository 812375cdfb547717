import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["dist", "tools", "eslint.config.js", "src/api/schema.gen.ts"] },
  ...ts.configs.recommendedTypeChecked,
  {
    plugins: { "react-hooks": hooks },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "max-lines": ["error", 300],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Trusted Types: let React write the page." },
      ],
      // The one place that asks the gateway is api/client.ts.
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "eval"],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "@mantine/core",
              importNames: ["AppShell", "SimpleGrid", "Grid", "ColorSchemeScript"],
              message:
                "It writes <style> elements, which the CSP refuses: use ui/layout.module.css.",
            },
          ],
        },
      ],
    },
  },
  { files: ["src/text/*.ts"], rules: { "max-lines": "off" } },
  { files: ["src/api/client.ts"], rules: { "no-restricted-globals": "off" } },
);
