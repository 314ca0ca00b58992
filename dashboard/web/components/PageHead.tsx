import { type ReactNode, useEffect } from "react";
import styles from "./PageHead.module.css";

/** The first line of a page is a sentence about now; the navigation already says its name. */
export function PageHead({
  title,
  about,
  children,
}: {
  title: string;
  about?: ReactNode;
  /** Acts on the whole page, at its right. */
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Nadi`;
  }, [title]);
  return (
    <div className={styles["head"]}>
      <div>
        <h1>{title}</h1>
        {about !== undefined && <p>{about}</p>}
      </div>
      {children !== undefined && <div className={styles["acts"]}>{children}</div>}
    </div>
  );
}
