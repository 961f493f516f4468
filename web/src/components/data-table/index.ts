export { type Column, DataTable, type DataTableProps } from "./data-table";
export { pagesOf } from "./pages";
