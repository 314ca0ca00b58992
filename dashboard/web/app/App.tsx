import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { mayRetry } from "../api/api-error.ts";
import { ErrorState } from "../components/Notice.tsx";
import { LanguageProvider } from "../i18n/LanguageProvider.tsx";
import { SignInPage } from "../pages/sign-in/SignInPage.tsx";
import { SessionProvider } from "../session/SessionProvider.tsx";
import { Live } from "./Live.tsx";
import { Pages } from "./Pages.tsx";
import styles from "./App.module.css";

const retriesMax = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => count < retriesMax && mayRetry(error) },
  },
});

export function App() {
  return (
    <LanguageProvider>
      <QueryClientProvider client={queries}>
        <SessionProvider
          signIn={(onSignedIn) => <SignInPage onSignedIn={onSignedIn} />}
          failed={(error, retry) => (
            <main className={styles["alone"]}>
              <ErrorState error={error} onRetry={retry} />
            </main>
          )}
        >
          <Live>
            <Pages />
          </Live>
        </SessionProvider>
      </QueryClientProvider>
    </LanguageProvider>
  );
}
