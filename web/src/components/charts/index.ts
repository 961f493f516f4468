export { Chart, type Series, type TimeChartProps } from "./chart";
export { Sparkline } from "./sparkline";
