import type { Holder } from './holder'
import type { Realm } from './realm'
import { fire, touch } from './touch'
import { ancestry, matches, type ViewNode, walk } from './tree'

/** What people typed and ticked, by page and element; the view itself keeps none of it. */
export type Filled = Map<string, unknown>

/** What a finger needs. */
export interface Hand {
  realm: Realm
  holder: Holder
  filled: Filled
  /** Shares the page, by the button that was tapped. */
  share(button: ViewNode): unknown
}

const CONTROLS = new Set(['button', 'label', 'checkbox', 'radio', 'switch'])

/** Taps an element and does what WeChat's own controls do with a tap. Throws when it cannot be tapped. */
export function tapElement(hand: Hand, target: ViewNode): void {
  for (const node of ancestry(target)) {
    if (node.attrs.disabled === true) throw new Error(`<${node.tag} id="${node.id}"> is disabled`)
  }
  const heard = touch(hand.realm, target)
  const control = [...ancestry(target)].find((node) => CONTROLS.has(node.tag))
  const works = control ? workControl(hand, control) : false
  if (!heard && !works) throw new Error(`nothing listens to a tap on <${target.tag} id="${target.id}">`)
}

/** Whether a control is off, for fingers or by what a screen reader is told. */
export const isOff = (node: ViewNode): boolean => node.attrs.disabled === true || node.attrs.ariaDisabled === true

function workControl(hand: Hand, node: ViewNode): boolean {
  if (node.tag === 'button') return pressButton(hand, node)
  if (node.tag !== 'label') return tick(hand, node)
  const wanted = node.attrs.for ? String(node.attrs.for) : null
  const root = [...ancestry(node)].at(-1) as ViewNode
  const within = [...walk(wanted ? root : node)].filter((one) => one !== node)
  const control = within.find((one) => (wanted ? one.id === wanted : CONTROLS.has(one.tag)))
  return control ? workControl(hand, control) : false
}

function pressButton(hand: Hand, node: ViewNode): boolean {
  const { openType, formType } = node.attrs
  if (openType === 'getPhoneNumber') {
    const code = hand.holder.phoneCode()
    const refused = { errMsg: 'getPhoneNumber:fail user deny', errno: 1400001 }
    return fire(hand.realm, node, 'getphonenumber', code ? { code, errMsg: 'getPhoneNumber:ok' } : refused)
  }
  if (openType === 'share') {
    hand.share(node)
    return true
  }
  if (openType === 'agreePrivacyAuthorization') return fire(hand.realm, node, 'agreeprivacyauthorization', {})
  if (formType === 'submit') return submit(hand, node)
  return openType !== undefined
}

function submit(hand: Hand, button: ViewNode): boolean {
  const form = [...ancestry(button)].find((node) => node.tag === 'form')
  if (!form) return false
  const fields = [...walk(form)].filter((node) => typeof node.attrs.name === 'string')
  const value = Object.fromEntries(fields.map((node) => [node.attrs.name, valueOfField(hand.filled, node)]))
  return fire(hand.realm, form, 'submit', { value }, { bubbles: true })
}

/** What a field holds: what was typed or ticked, or else what the page put there. */
export function valueOfField(filled: Filled, node: ViewNode): unknown {
  return filled.get(keyOf(node)) ?? node.attrs.value ?? node.attrs.checked ?? ''
}

const keyOf = (node: ViewNode): string => `${node.owner.path} ${node.id} ${node.dataset.sid ?? ''}`

function tick({ realm, filled }: Hand, node: ViewNode): boolean {
  const isOn = (one: ViewNode) => (filled.get(keyOf(one)) ?? one.attrs.checked) === true
  if (node.tag === 'switch') {
    filled.set(keyOf(node), !isOn(node))
    return fire(realm, node, 'change', { value: isOn(node) })
  }
  const group = [...ancestry(node)].find((one) => one.tag === `${node.tag}-group`)
  const all = group ? [...walk(group)].filter((one) => one.tag === node.tag) : [node]
  const on = node.tag === 'radio' ? true : !isOn(node)
  if (node.tag === 'radio') for (const one of all) filled.set(keyOf(one), false)
  filled.set(keyOf(node), on)
  const chosen = all.filter(isOn).map((one) => one.attrs.value)
  return group ? fire(realm, group, 'change', { value: node.tag === 'radio' ? chosen[0] : chosen }) : true
}

/** Types a whole text into a field, as pasting does, and leaves the field; `confirm` also presses the key for done. */
export function typeInto(hand: Hand, node: ViewNode, text: string, { confirm = false } = {}): void {
  if (!matches(node, 'input') && !matches(node, 'textarea')) throw new Error(`<${node.tag}> is no field`)
  if (isOff(node)) throw new Error(`<${node.tag} id="${node.id}"> is disabled`)
  const most = Number(node.attrs.maxlength ?? 140)
  const digits = node.attrs.type === 'number' ? text.replace(/\D/g, '') : text
  const value = most >= 0 ? digits.slice(0, most) : digits
  hand.filled.set(keyOf(node), value)
  fire(hand.realm, node, 'focus', { value, height: 300 })
  fire(hand.realm, node, 'input', { value, cursor: value.length, keyCode: value.charCodeAt(value.length - 1) || 8 })
  if (confirm) fire(hand.realm, node, 'confirm', { value })
  fire(hand.realm, node, 'blur', { value, cursor: value.length })
}
