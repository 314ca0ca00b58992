import { useState } from "react";
import { Button } from "../components/Button.tsx";
import type { ChartRow } from "./csv.ts";
import styles from "./DataTable.module.css";

export interface DataTableWords {
  columns: { time: string; mean: string; low: string; high: string };
  newer: string;
  older: string;
  page: (page: string, pages: string) => string;
}

const rowsPerPage = 25;

/** What a chart shows, newest first: for whoever can't see a canvas, or wants the number. */
export function DataTable(props: {
  rows: readonly ChartRow[];
  caption: string;
  words: DataTableWords;
  formatTime: (atMs: number) => string;
  formatValue: (value: number) => string;
}) {
  const { rows, caption, words, formatTime, formatValue } = props;
  const [page, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / rowsPerPage));
  const shownPage = Math.min(page, pages - 1);
  const shown = rows.toReversed().slice(shownPage * rowsPerPage, (shownPage + 1) * rowsPerPage);
  const { columns } = words;
  return (
    <div className={styles["block"]}>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption className="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">{columns.time}</th>
              <th scope="col">{columns.mean}</th>
              <th scope="col">{columns.low}</th>
              <th scope="col">{columns.high}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ atMs, mean, low, high }) => (
              <tr key={atMs}>
                <th scope="row">{formatTime(atMs)}</th>
                <td>{formatValue(mean)}</td>
                <td>{formatValue(low)}</td>
                <td>{formatValue(high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <div className={styles["pages"]}>
          <Button disabled={shownPage === 0} onClick={() => setPage(shownPage - 1)}>
            {words.newer}
          </Button>
          <span>{words.page(String(shownPage + 1), String(pages))}</span>
          <Button disabled={shownPage === pages - 1} onClick={() => setPage(shownPage + 1)}>
            {words.older}
          </Button>
        </div>
      )}
    </div>
  );
}
