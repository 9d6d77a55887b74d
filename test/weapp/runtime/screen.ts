import { type Cast, createCast } from './cast'
import type { Definition, Registry } from './component'
import type { Logic, LogicSetup } from './logic'
import type { Program } from './program'
import type { Activity } from './quiet'
import type { ViewNode } from './tree'
import type { RawNode, ViewLayer } from './view-layer'

/** The view of one page, or of a custom tab bar: elements as they stand now, and the components among them. */
export interface Screen {
  /** The drawn elements. Throws when nothing is drawn yet. */
  root(): ViewNode
  /** Draws in a later turn, then calls back. */
  changed(drawn: () => void): void
  /** Takes the components down. */
  close(): void
}

/** What screens are made with. */
export interface ScreenSetup {
  program: Program
  registry: Registry
  view: ViewLayer
  activity: Activity
  logic: Omit<LogicSetup, 'changed' | 'counter'>
}

/** The screen of the page or tab bar that `logicOf` names; `counter` counts the setData calls of it and its components. */
export function createScreen(setup: ScreenSetup, counter: LogicSetup['counter'], logicOf: () => Logic): Screen {
  let root: ViewNode | null = null
  let waiting: (() => void)[] = []
  let closed = false
  const changed = (callback: () => void) => {
    waiting.push(callback)
    if (waiting.length > 1 || closed) return
    const done = setup.activity.begin(`drawing ${counter.page}`)
    setTimeout(() => {
      const callbacks = waiting
      waiting = []
      if (!closed) draw()
      done()
      for (const one of callbacks) one()
    }, 0)
  }
  const cast = createCast(setup.registry, { ...setup.logic, counter, changed })
  const draw = () => {
    try {
      const logic = logicOf()
      const whole = setup.view.render(logic.path, logic.shown)
      root = expand({ ...whole, tag: 'wx-page' }, { setup, cast, owner: logic, parent: null, place: '' })[0] ?? null
      cast.settle()
    } catch (error) {
      setup.logic.journal.caught(error, `drawing ${counter.page}`)
    }
  }
  return {
    root() {
      if (!root) throw new Error(`${counter.page} is not drawn yet`)
      return root
    },
    changed,
    close() {
      closed = true
      cast.close()
    },
  }
}

/** Where an element is being put. `place` tells components of the same tag apart. */
interface Spot {
  setup: ScreenSetup
  cast: Cast
  owner: Logic
  parent: ViewNode | null
  place: string
}

function expand(raw: RawNode | string, spot: Spot): ViewNode[] {
  if (typeof raw !== 'object') return [textNode(String(raw), spot)]
  if (raw.tag === 'virtual') return below(raw.children, spot)
  const tag = raw.tag.replace(/^wx-/, '')
  const path = spot.setup.program.components(spot.owner.path)[tag]
  if (path) return expandComponent(path, tag, raw, spot)
  const node = elementOf(tag, raw, spot)
  node.children = below(raw.children, { ...spot, parent: node })
  return [node]
}

const below = (children: RawNode['children'], spot: Spot): ViewNode[] =>
  children.flatMap((child, i) => expand(child, { ...spot, place: `${spot.place}.${i}` }))

function expandComponent(path: string, tag: string, raw: RawNode, spot: Spot): ViewNode[] {
  const key = `${tag} ${raw.attr?.['data-sid'] ?? spot.place}`
  const { logic, definition } = spot.cast.at(key, path, raw.attr ?? {})
  const inside = { ...spot, owner: logic, place: `${spot.place}~` }
  const content = spot.setup.view.render(path, logic.shown).children
  // A virtual host leaves no element of its own.
  if ((definition.options as Definition | undefined)?.virtualHost === true) return below(content, inside)
  const host = elementOf(tag, raw, spot)
  host.children = below(content, { ...inside, parent: host })
  return [host]
}

function textNode(text: string, { owner, parent }: Spot): ViewNode {
  return { tag: '#text', id: '', text, attrs: {}, dataset: {}, events: new Map(), children: [], parent, owner }
}

const BINDING = /^(?:capture-)?(?:mut-)?(bind|catch):?(.+)$/

function elementOf(tag: string, raw: RawNode, { owner, parent }: Spot): ViewNode {
  const attrs: Record<string, unknown> = {}
  const dataset: Record<string, unknown> = {}
  const events: ViewNode['events'] = new Map()
  for (const [name, value] of Object.entries(raw.attr ?? {})) {
    const binding = BINDING.exec(name)
    if (binding) {
      if (value) events.set(binding[2] as string, { method: String(value), stops: binding[1] === 'catch' })
    } else if (name.startsWith('data-')) dataset[camel(name.slice(5))] = value
    else attrs[name] = value
  }
  return { tag, id: String(attrs.id ?? ''), text: '', attrs, dataset, events, children: [], parent, owner }
}

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
