import { formatExact } from "@/lib/format";
import type { PlotProps } from "./plot";

/** The chart's values as a table, for screen readers. */
export function ChartTable({ label, rows, x, series, format = String, categories }: PlotProps) {
  return (
    // A table takes the room of its content, hidden or not, unless something around it has none to give.
    <div className="sr-only">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{categories ? "Name" : "Time"}</th>
            {series.map(({ key, label: name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={String(row[x])}>
              <th scope="row">{categories ? String(row[x]) : formatExact(String(row[x]))}</th>
              {series.map(({ key }) => (
                <td key={key}>{typeof row[key] === "number" ? format(row[key]) : "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
