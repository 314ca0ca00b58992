import { Component, type ReactNode } from "react";
import { Button } from "../components/Button.tsx";
import { Banner } from "../components/Notice.tsx";
import { useWords } from "../i18n/LanguageProvider.tsx";

/** A page that fails to draw, or whose file can't be loaded, leaves the shell around it alive. */
export class PageBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Failed /> : this.props.children;
  }
}

/** A reload, because after a new version the old file names are gone. */
function Failed() {
  const words = useWords();
  return (
    <Banner tone="warning">
      <p>{words.crash}</p>
      <Button onClick={() => window.location.reload()}>{words.retry}</Button>
    </Banner>
  );
}
