import { lazy, Suspense } from "react";
import { useRoute } from "wouter";
import { pagePaths } from "../../contract/index.ts";
import { SignInPage } from "../pages/sign-in/SignInPage.tsx";
import type { Session } from "../session/SessionProvider.tsx";
import { WallBoundary } from "./WallBoundary.tsx";

const PairPage = lazy(async () => {
  const { PairPage: page } = await import("../pages/pair/PairPage.tsx");
  return { default: page };
});

/** A person signs in; a screen on a wall, where nobody can type, is paired. */
export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [isWall] = useRoute(pagePaths.wall);
  const [isKitchenWall] = useRoute(pagePaths.wallKitchen);
  if (!isWall && !isKitchenWall) return <SignInPage onSignedIn={onSignedIn} />;
  return (
    <WallBoundary>
      <Suspense fallback={null}>
        <PairPage onPaired={onSignedIn} />
      </Suspense>
    </WallBoundary>
  );
}
