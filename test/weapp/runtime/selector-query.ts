import { createCanvas, type DrawnCanvas } from './canvas'
import type { OpenPage } from './page-stack'
import { matches, type ViewNode, walk } from './tree'
import { type Answer, alive, type Ground, handOver } from './wx-call'

type Callback = (result: unknown) => void

// Nothing is laid out here, so every element is as large as this.
const BOX = { left: 0, top: 0, right: 100, bottom: 20, width: 100, height: 20 }
const SCROLL = { scrollLeft: 0, scrollTop: 0, scrollWidth: 390, scrollHeight: 753 }

/** The canvases that pages asked for, by page and id. */
export type Canvases = Map<string, DrawnCanvas>

/** wx.createSelectorQuery: finds what is really drawn; sizes are made up. */
export function selectorQueryApi(ground: Ground, top: () => OpenPage, canvases: Canvases): () => Answer {
  const { realm, activity } = ground
  return () => {
    const asked: { find: () => Answer | Answer[] | null; callback?: Callback | undefined }[] = []
    const query = realm.value({}) as Answer
    const select = (selector: string, every: boolean) => {
      const read = (pick: (node: ViewNode) => Answer, callback?: Callback) => {
        asked.push({ find: () => pickFrom(top(), selector, every, pick), callback })
        return query
      }
      return Object.assign(realm.value({}) as Answer, {
        boundingClientRect: (callback?: Callback) => read((node) => ({ ...identityOf(node), ...BOX }), callback),
        scrollOffset: (callback?: Callback) => read((node) => ({ ...identityOf(node), ...SCROLL }), callback),
        fields: (wanted: Answer, callback?: Callback) =>
          read((node) => fieldsOf(ground, top(), node, wanted, canvases), callback),
        node: (callback?: Callback) =>
          read((node) => fieldsOf(ground, top(), node, { node: true }, canvases), callback),
      })
    }
    const toRealm = (found: Answer | Answer[] | null): unknown => {
      if (Array.isArray(found)) return found.map((one) => handOver(realm, one))
      return found && handOver(realm, found)
    }
    return Object.assign(query, {
      in: () => query,
      select: (selector: string) => select(selector, false),
      selectAll: (selector: string) => select(selector, true),
      selectViewport: () => select('page', false),
      exec(callback?: Callback) {
        const done = activity.begin('selector query')
        setTimeout(() => {
          const results = asked.map(({ find }) => toRealm(find()))
          done()
          for (const [i, result] of results.entries()) {
            realm.guard('selector query', () => asked[i]?.callback?.(result))
          }
          const list = Object.assign(realm.value([]) as unknown[], results)
          realm.guard('selector query', () => callback?.(list))
        }, 0)
      },
    })
  }
}

function pickFrom(open: OpenPage, selector: string, every: boolean, pick: (node: ViewNode) => Answer) {
  const found = [...walk(open.screen.root(), { hidden: true })].filter((node) => matches(node, selector))
  if (every) return found.map(pick)
  return found[0] ? pick(found[0]) : null
}

const identityOf = (node: ViewNode): Answer => ({ id: node.id, dataset: node.dataset })

function fieldsOf(ground: Ground, open: OpenPage, node: ViewNode, wanted: Answer, canvases: Canvases): Answer {
  return {
    ...(wanted.id ? { id: node.id } : {}),
    ...(wanted.dataset ? { dataset: node.dataset } : {}),
    ...(wanted.rect ? { left: BOX.left, top: BOX.top, right: BOX.right, bottom: BOX.bottom } : {}),
    ...(wanted.size ? { width: BOX.width, height: BOX.height } : {}),
    ...(wanted.scrollOffset ? SCROLL : {}),
    ...(wanted.node ? { node: node.tag === 'canvas' ? canvasOf(ground, open, node, canvases) : null } : {}),
  }
}

function canvasOf(ground: Ground, open: OpenPage, node: ViewNode, canvases: Canvases): object | null {
  if (node.attrs.type !== '2d') return null
  const key = `${open.page.path} ${node.id}`
  const canvas = canvases.get(key) ?? createCanvas(ground)
  canvases.set(key, canvas)
  return alive(canvas.node)
}
