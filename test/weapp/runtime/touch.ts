import type { Realm } from './realm'
import { ancestry, type ViewNode } from './tree'

/** Sends an event from an element up, as WeChat's view does: only bound elements hear it, `catch` ends the way. */
export function fire(
  realm: Realm,
  target: ViewNode,
  type: string,
  detail: Record<string, unknown> = {},
  { bubbles = false } = {},
): boolean {
  let heard = false
  const timeStamp = Math.round(performance.now())
  for (const node of bubbles ? ancestry(target) : [target]) {
    const binding = node.events.get(type)
    if (!binding) continue
    heard = true
    const places = { target: placeOf(target), currentTarget: placeOf(node) }
    const touches = [{ identifier: 0, pageX: 10, pageY: 10, clientX: 10, clientY: 10 }]
    const event = { type, timeStamp, ...places, detail, mark: {}, mut: false }
    const whole = /^t(ap|ouch)|^longpress/.test(type) ? { ...event, touches, changedTouches: touches } : event
    node.owner.call(binding.method, realm.value(whole))
    if (binding.stops) break
  }
  return heard
}

const placeOf = (node: ViewNode) => ({ id: node.id, dataset: node.dataset, offsetLeft: 0, offsetTop: 0 })

/** A finger on an element: touch, release, tap, each up to the page. */
export function touch(realm: Realm, target: ViewNode): boolean {
  const spot = { x: 10, y: 10 }
  fire(realm, target, 'touchstart', spot, { bubbles: true })
  fire(realm, target, 'touchend', spot, { bubbles: true })
  return fire(realm, target, 'tap', spot, { bubbles: true })
}
