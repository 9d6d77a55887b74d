import type { Started } from './boot'
import { type Filled, type Hand, tapElement, typeInto } from './control'
import type { Eyes } from './eyes'
import type { Holder } from './holder'
import type { SetDataEntry } from './journal'
import { fire } from './touch'
import type { ViewNode } from './tree'

/** What a person shares: the card in the chat leads to `path`. */
export interface Shared {
  title?: string
  path?: string
  imageUrl?: string
}

/** Fingers on a phone. All but `share` wait until the phone is at rest; elements are named as for the eyes. */
export interface Hands {
  /** Answers the setData calls the tap led to. Throws when the element is off or nothing listens. */
  tap(which: string): Promise<SetDataEntry[]>
  /** Types a whole text into a field and leaves it; `confirm` presses the key for done. */
  type(which: string, text: string, options?: { confirm?: boolean }): Promise<void>
  /** Sends an event that no finger here can make, such as a picker's change. */
  send(which: string, type: string, detail: Record<string, unknown>): Promise<void>
  /** A tap on the tab bar of WeChat, or a page called from outside. */
  switchTab(path: string): Promise<void>
  visit(url: string): Promise<void>
  back(): Promise<void>
  /** Pulls the page down. Throws when the page did not allow it. */
  pullDown(): Promise<void>
  reachBottom(): Promise<void>
  /** What the menu's share line would send; null when the page cannot be shared. */
  share(button?: ViewNode): Shared | null
}

export function createHands(
  started: () => Started,
  eyes: Eyes,
  holder: Holder,
  settle: () => Promise<void>,
  onTap: (over: boolean) => void,
): Hands {
  const filled: Filled = new Map()
  const hand = (): Hand => ({ realm: started().realm, holder, filled, share })
  const share = (button?: ViewNode): Shared | null => shareOf(started(), eyes, button)
  return {
    async tap(which) {
      const before = started().journal.setData.length
      onTap(false)
      tapElement(hand(), eyes.get(which))
      await settle()
      onTap(true)
      return started().journal.setData.slice(before)
    },
    async type(which, text, options) {
      typeInto(hand(), eyes.get(which), text, options)
      await settle()
    },
    async send(which, type, detail) {
      if (!fire(started().realm, eyes.get(which), type, detail)) throw new Error(`${which} does not listen to ${type}`)
      await settle()
    },
    share,
    ...createTravel(started, eyes, settle),
  }
}

function createTravel(
  started: () => Started,
  eyes: Eyes,
  settle: () => Promise<void>,
): Pick<Hands, 'switchTab' | 'visit' | 'back' | 'pullDown' | 'reachBottom'> {
  const top = () => eyes.page().logic
  return {
    async switchTab(path) {
      const index = started().program.app.tabBar?.list.findIndex((item) => item.pagePath === path) ?? -1
      const item = started().program.app.tabBar?.list[index]
      started().stack.go('switchTab', `/${path}`)
      top().call('onTabItemTap', started().realm.value({ index, pagePath: path, text: item?.text ?? '' }))
      await settle()
    },
    async visit(url) {
      started().stack.go('navigateTo', url)
      await settle()
    },
    async back() {
      started().stack.back()
      await settle()
    },
    async pullDown() {
      const { program } = started()
      const { path } = eyes.page().page
      const allowed = program.json(path).enablePullDownRefresh ?? program.app.window?.enablePullDownRefresh
      if (allowed !== true) throw new Error(`${path} cannot be pulled down`)
      top().call('onPullDownRefresh')
      await settle()
    },
    async reachBottom() {
      top().call('onReachBottom')
      await settle()
    },
  }
}

function shareOf(started: Started, eyes: Eyes, button?: ViewNode): Shared | null {
  const { logic } = eyes.page()
  if (typeof logic.self.onShareAppMessage !== 'function') return null
  const target = button && { id: button.id, dataset: button.dataset }
  const from = started.realm.value({ from: button ? 'button' : 'menu', ...(target ? { target } : {}) })
  const shared = logic.call('onShareAppMessage', from) as Shared | undefined
  started.journal.deeds.push({ name: 'share', asked: { ...shared } })
  return shared ?? {}
}
