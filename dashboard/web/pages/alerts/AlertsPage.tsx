import { PageHead } from "../../components/PageHead.tsx";
import { useWords } from "../../i18n/LanguageProvider.tsx";

export function AlertsPage() {
  return <PageHead title={useWords().navigation.alerts} />;
}
