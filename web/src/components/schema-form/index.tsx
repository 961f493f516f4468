import { lazy, Suspense } from "react";
import { Skeleton } from "../ui/skeleton";
import type { SchemaFormProps } from "./form";

export { cleanValue } from "./clean-value";
export type { SchemaFormProps } from "./form";
export { UnfinishedTexts } from "./unfinished";

const Form = lazy(() => import("./form"));

/** A form made from a JSON Schema; its parts come when it is first shown. */
export function SchemaForm(props: SchemaFormProps) {
  return (
    <Suspense fallback={<Skeletons />}>
      <Form {...props} />
    </Suspense>
  );
}

function Skeletons() {
  return (
    <div className="flex flex-col gap-4" role="status" aria-label="Loading">
      {["w-24", "w-32", "w-20"].map((width) => (
        <div key={width} className="flex flex-col gap-1.5">
          <Skeleton className={width} />
          <Skeleton className="h-8 w-full" />
        </div>
      ))}
    </div>
  );
}
