import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { BASE } from "../api/base";
import { warningsQuery } from "../api/warnings";
import { loudOf } from "../lib/warnings";
import { Icon } from "../ui/icon";
import styles from "./nav.module.css";
import { useMenu } from "./sections";

export function Nav() {
  const path = useLocation({ select: ({ pathname }) => pathname });
  return (
    <nav aria-label="Pages" className={styles.nav}>
      <Link to="/" className={styles.brand}>
        <img src={`${BASE}/favicon.svg`} alt="" width={20} height={20} />
        Loom
      </Link>
      {useMenu().map(({ id, title, icon, place }) =>
        "to" in place ? (
          <Link
            key={id}
            to={place.to}
            className={styles.entry}
            activeOptions={{ exact: place.to === "/", includeSearch: false }}
            activeProps={{ "data-here": true }}
            {...(id === "actors" && path === "/types" && { "data-here": true })}
          >
            <Icon name={icon} />
            {title}
            {id === "warnings" && <Firing />}
          </Link>
        ) : (
          <a key={id} href={place.href} className={styles.entry}>
            <Icon name={icon} />
            <span className="cut">{title}</span>
          </a>
        ),
      )}
    </nav>
  );
}

/** How many warnings fire that nobody keeps quiet. */
function Firing() {
  const { data } = useQuery(warningsQuery);
  const count = loudOf(data).length;
  if (count === 0) return null;
  return (
    <>
      {" "}
      <span className={styles.count} title={`${count} firing`} data-firing={count}>
        {count}
        <span className="visually-hidden"> firing</span>
      </span>
    </>
  );
}
