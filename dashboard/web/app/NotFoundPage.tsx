import { Link } from "wouter";
import { pagePaths } from "../../contract/index.ts";
import { buttonClass } from "../components/Button.tsx";
import { PageHead } from "../components/PageHead.tsx";
import { useWords } from "../i18n/LanguageProvider.tsx";

export function NotFoundPage() {
  const { notFound } = useWords();
  return (
    <>
      <PageHead title={notFound.title} about={notFound.text} />
      <Link href={pagePaths.overview} className={buttonClass({ look: "primary" })}>
        {notFound.back}
      </Link>
    </>
  );
}
