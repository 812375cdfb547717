import "@mantine/core/styles.css";
import "./theme.gen.css";
import "./app.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { Toasts } from "../ui/toast";
import { router } from "./router";
import { theme } from "./theme";

const RETRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    // What cannot be reached is said at once, not waited for.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 10_000,
      // Asking again helps where nobody answered, not where somebody refused.
      retry: (failures, error) =>
        failures < RETRIES_MAX && error instanceof ApiError && error.code === "unreachable",
    },
  },
});

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  );
}
