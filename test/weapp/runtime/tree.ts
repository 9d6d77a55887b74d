import type { Logic } from './logic'

/** An element as the person sees it; `tag` is that of WXML, '#text' for bare text. */
export interface ViewNode {
  tag: string
  id: string
  text: string
  attrs: Record<string, unknown>
  dataset: Record<string, unknown>
  /** What is bound: type of event → the method of `owner` that is called, and whether it goes no further. */
  events: Map<string, { method: string; stops: boolean }>
  children: ViewNode[]
  parent: ViewNode | null
  /** The page or component in whose WXML it stands. */
  owner: Logic
}

/** The element and all below it, top down; hidden branches are left out unless asked for. */
export function* walk(node: ViewNode, { hidden = false } = {}): Generator<ViewNode> {
  if (!hidden && node.attrs.hidden === true) return
  yield node
  for (const child of node.children) yield* walk(child, { hidden })
}

/** From the element up to its page. */
export function* ancestry(node: ViewNode): Generator<ViewNode> {
  for (let at: ViewNode | null = node; at; at = at.parent) yield at
}

const INLINE = new Set(['#text', 'text'])

/** What can be read there, a line per block. */
export function textOf(node: ViewNode): string {
  return readLines(node).replace(/\n+/g, '\n').trim()
}

function readLines(node: ViewNode): string {
  if (node.attrs.hidden === true) return ''
  if (node.tag === '#text') return node.text
  const own = node.tag === 'input' || node.tag === 'textarea' ? String(node.attrs.value ?? '') : ''
  const inner = own + node.children.map(readLines).join('')
  return INLINE.has(node.tag) ? inner : `\n${inner}\n`
}

/** How many elements, and how deep they are nested, as WeChat's audit counts (text is no element). */
export function measure(root: ViewNode): { nodes: number; depth: number; mostChildren: number } {
  let nodes = 0
  let deepest = 0
  let mostChildren = 0
  const visit = (node: ViewNode, depth: number) => {
    if (node.tag === '#text') return
    nodes += 1
    deepest = Math.max(deepest, depth)
    mostChildren = Math.max(mostChildren, node.children.filter((child) => child.tag !== '#text').length)
    for (const child of node.children) visit(child, depth + 1)
  }
  visit(root, 1)
  return { nodes, depth: deepest, mostChildren }
}

/** Whether the element answers to '#id', '.class', 'tag' or a chain of them; only the last link is looked at. */
export function matches(node: ViewNode, selector: string): boolean {
  const last =
    selector
      .trim()
      .split(/\s*(?:>>>|>|\s)\s*/)
      .at(-1) ?? ''
  const parts = last.match(/[#.]?[\w-]+/g) ?? []
  return parts.length > 0 && parts.every((part) => matchesPart(node, part))
}

function matchesPart(node: ViewNode, part: string): boolean {
  if (part.startsWith('#')) return node.id === part.slice(1)
  if (part.startsWith('.')) return classesOf(node).includes(part.slice(1))
  return node.tag === part
}

const classesOf = (node: ViewNode): string[] => String(node.attrs.class ?? '').split(/\s+/)

/** The name an element is called by: its label for screen readers, or else what is written on it. */
export const nameOf = (node: ViewNode): string => String(node.attrs.ariaLabel ?? '') || textOf(node)
