import type { Fault } from './fault'
import { firePush, greetPush, type PushOrder, type PushReport } from './push'
import { pushMedia } from './security'
import { addConsent, consentsLeft } from './subscribe'
import { killTokens, spoilStableToken } from './token'
import {
  addPerson,
  type CallSeen,
  getPerson,
  issueCode,
  type MediaCheck,
  type NewPerson,
  type Person,
  type PushTarget,
  type SandboxApp,
  type SentMessage,
  type Sms,
  type World,
} from './world'

/** An event to fire at the BFF; the person's openid and the first mini-program are filled in. */
export type ControlPush = Omit<PushOrder, 'appid' | 'openid'> & { person: string; appid?: string; target?: PushTarget }

/** What a test or a demo may do to the world. People are named by key; `appid` defaults to the first app of the kind. */
export interface Control {
  addPerson(person: NewPerson): Person
  people(): Person[]
  /** What wx.login gives; opening the mini-program counts as a visit. */
  loginCode(person: string, appid?: string): string
  /** What the phone button gives. Throws when the person has no phone in WeChat. */
  phoneCode(person: string, appid?: string): string
  oauthCode(person: string, options?: { appid?: string; scope?: 'snsapi_base' | 'snsapi_userinfo' }): string
  visit(person: string, appid?: string): void
  setPhone(person: string, phone: string | null): void
  setRank(person: string, rank: number): void
  setBlocked(person: string, blocked: boolean): void
  /** Binds an app to an open-platform account ('' is the brand's own), or to none: from now on it learns no unionid. */
  bindApp(appid: string, platform: string | null): void
  hold(at?: number): void
  advance(ms: number): void
  release(): void
  inject(fault: Fault): void
  clearFaults(): void
  /** Makes all tokens of the app invalid, as a reset of its secret does. */
  killTokens(appid?: string): void
  /** Makes the current stable token refused although normal mode goes on giving it. */
  spoilStableToken(appid?: string): void
  accept(person: string, templateId: string, appid?: string): { left: number }
  consentsLeft(person: string, templateId: string, appid?: string): number
  sent(): SentMessage[]
  sms(): Sms[]
  /** Pictures that were handed over to be looked at, the latest thousand. */
  media(): MediaCheck[]
  /** Looks at one now and pushes the word on it, or this one. False when the push was not taken. */
  pushMedia(traceId: string, said?: { suggest: 'pass' | 'review' | 'risky'; label: number }): Promise<boolean>
  /** Calls seen since the start or the last `forgetCalls`, the latest thousand. */
  calls(path?: string): CallSeen[]
  forgetCalls(): void
  /** Where pushes of the app go from now on. */
  setPushTarget(target: PushTarget, appid?: string): void
  /** By the sandbox's own clock, epoch ms. */
  now(): number
  push(push: ControlPush): Promise<PushReport>
  greetPush(target?: PushTarget): Promise<boolean>
}

/** The control plane in process; `/__control/*` offers the same over HTTP. */
export function createControl(world: World): Control {
  const weapp = (appid?: string) => appOf(world, 'weapp', appid)
  const at = (key: string, appid?: string) => getPerson(world, key).openids[weapp(appid).appid] as string
  const visit = (key: string, appid?: string) => {
    getPerson(world, key).visitedAt[weapp(appid).appid] = world.clock.now()
  }
  const target = (given: PushTarget | undefined, app: SandboxApp) => {
    const found = given ?? app.push
    if (!found) throw new Error('no push target')
    return found
  }
  return {
    addPerson: (person) => addPerson(world, person),
    people: () => [...world.people.values()],
    loginCode(key, appid) {
      visit(key, appid)
      return issueCode(world, { kind: 'login', appid: weapp(appid).appid, personKey: key })
    },
    phoneCode(key, appid) {
      if (!getPerson(world, key).phone) throw new Error(`${key} has no phone in WeChat`)
      return issueCode(world, { kind: 'phone', appid: weapp(appid).appid, personKey: key })
    },
    oauthCode(key, { appid, scope = 'snsapi_userinfo' } = {}) {
      getPerson(world, key)
      return issueCode(world, { kind: 'oauth', appid: appOf(world, 'oa', appid).appid, personKey: key, scope })
    },
    visit,
    setPhone(key, phone) {
      getPerson(world, key).phone = phone
    },
    setRank(key, rank) {
      getPerson(world, key).riskRank = rank
    },
    setBlocked(key, blocked) {
      getPerson(world, key).blocked = blocked
    },
    bindApp(appid, platform) {
      const app = world.apps.get(appid)
      if (!app) throw new Error(`no app ${appid}`)
      app.platform = platform
    },
    hold: (time) => world.clock.hold(time),
    advance: (ms) => world.clock.advance(ms),
    release: () => world.clock.release(),
    inject: (fault) => world.faults.add(fault),
    clearFaults: () => world.faults.clear(),
    killTokens: (appid) => killTokens(world, weapp(appid).appid),
    spoilStableToken: (appid) => spoilStableToken(world, weapp(appid).appid),
    accept: (key, templateId, appid) => ({ left: addConsent(world, at(key, appid), templateId) }),
    consentsLeft: (key, templateId, appid) => consentsLeft(world, at(key, appid), templateId),
    sent: () => [...world.sent],
    sms: () => [...world.sms],
    media: () => [...world.media],
    pushMedia: (traceId, said) => pushMedia(world, traceId, said),
    calls: (path) => world.calls.filter((call) => !path || call.path === path),
    forgetCalls() {
      world.calls.length = 0
    },
    setPushTarget(given, appid) {
      weapp(appid).push = given
    },
    now: () => world.clock.now(),
    push({ person, appid, target: given, ...order }) {
      // official accounts push as well
      const app = (appid && world.apps.get(appid)) || weapp(appid)
      const openid = getPerson(world, person).openids[app.appid] as string
      return firePush(target(given, app), { ...order, appid: app.appid, openid }, world.clock.now())
    },
    greetPush: (given) => greetPush(target(given, weapp()), world.clock.now()),
  }
}

function appOf(world: World, kind: SandboxApp['kind'], appid?: string): SandboxApp {
  const app = [...world.apps.values()].find((one) => one.kind === kind && (!appid || one.appid === appid))
  if (!app) throw new Error(`no ${kind} ${appid ?? ''}`)
  return app
}
