declare module "virtual:service-icons" {
  import type { ServiceIcon } from "../build/service-icons.ts";

  const icons: Record<string, ServiceIcon | undefined>;
  export default icons;
}
