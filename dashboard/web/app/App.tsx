import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { mayRetry } from "../api/api-error.ts";
import { LanguageProvider } from "../i18n/LanguageProvider.tsx";
import { SessionProvider } from "../session/SessionProvider.tsx";
import { Live } from "./Live.tsx";
import { Pages } from "./Pages.tsx";
import { SignIn } from "./SignIn.tsx";
import { Unreachable } from "./Unreachable.tsx";

const retriesMax = 2;

const queries = new QueryClient({
  defaultOptions: {
    // Nadi is on the kitchen's own network, which is there also while the internet is not.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      retry: (count, error) => count < retriesMax && mayRetry(error),
    },
  },
});

export function App() {
  return (
    <LanguageProvider>
      <QueryClientProvider client={queries}>
        <SessionProvider
          signIn={(onSignedIn) => <SignIn onSignedIn={onSignedIn} />}
          failed={(error, retry) => <Unreachable error={error} retry={retry} />}
        >
          <Live>
            <Pages />
          </Live>
        </SessionProvider>
      </QueryClientProvider>
    </LanguageProvider>
  );
}
