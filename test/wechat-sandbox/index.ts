export { DEMO_APPS, DEMO_TEMPLATES, demoApps, MORE_APPS, ORDER_TEMPLATE } from './demo-apps'
export { DEMO_PEOPLE, openidOf, unionidOf } from './demo-people'
export { createSandbox, type Sandbox } from './sandbox'
export type { PushTarget } from './world'
