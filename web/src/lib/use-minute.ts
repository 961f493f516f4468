import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** Now, to the minute: a time that ends now moves on while the page is open. */
export function useMinute(): number {
  const [minute, setMinute] = useState(currentMinute);
  useEffect(() => {
    const timer = setInterval(() => setMinute(currentMinute()), MINUTE_MS / 4);
    return () => clearInterval(timer);
  }, []);
  return minute;
}

function currentMinute(): number {
  return Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
}
