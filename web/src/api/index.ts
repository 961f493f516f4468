import "./client";

export { fetchWithSession, onSignedOut } from "./client";
export * from "./generated";
export * from "./generated/@tanstack/react-query.gen";
export { type Fault, Problem, problemOf, type Upstream } from "./problem";
export { refreshSession } from "./session-refresh";
