import type { AuthType } from "@/api";

/** The ways in which services recognize their callers, in the order in which they are offered. */
export const AUTH_TYPES = [
  "api_key",
  "bearer",
  "basic",
  "oauth2",
  "oauth2_client_credentials",
  "oauth1",
  "jwt_bearer",
  "aws_sigv4",
  "custom",
  "none",
] as const satisfies readonly AuthType[];

const WORDS: Record<AuthType, string> = {
  none: "No credential",
  api_key: "API key",
  basic: "User name and password",
  bearer: "Bearer token",
  oauth2: "OAuth 2.0",
  oauth2_client_credentials: "OAuth 2.0 for machines",
  oauth1: "OAuth 1.0a",
  jwt_bearer: "Signed JWT",
  aws_sigv4: "AWS signature",
  custom: "Custom sign-in",
};

export function authWord(type: AuthType): string {
  return WORDS[type];
}
