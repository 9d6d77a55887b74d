import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { verify } from '@stablelib/ed25519'
import { useDidShow } from '@tarojs/taro'
import { useEffect, useRef, useState } from 'react'
import { api, faultOf, type Trouble } from '../../lib/api'
import { bytesOfBase64url } from '../../lib/base64url'
import { newId } from '../../lib/id'
import { useOnline } from '../../lib/network'
import { useCommand } from '../../lib/query'
import { keepPages } from '../../lib/without-network'
import type { Key } from '../../ui/keypad'
import { fenOf, typed } from './amount'
import {
  type Book,
  type Entry,
  nextPart,
  readScan,
  type Shown,
  waitingTablets,
  withEntry,
  withResults,
} from './offline-book'
import { becomeTablet, endTablet, keepBook, keepGround, keptBook, keptGround, keptTablet } from './offline-store'
import { refusalWords } from './offline-words'

export type Step = { step: 'scan' } | { step: 'amount'; shown: Shown } | { step: 'noted'; amountFen: number }
export interface Said {
  title: string
  detail: string
}

const NO_ROOM: Said = { title: '这台设备存不下了', detail: '请先联网同步，再记新的' }
const SCAN_AGAIN: Said = {
  title: `扫码超过 ${DEMO_POLICY.visitMinutes} 分钟了`,
  detail: '请顾客出示现在的码，再扫一次；金额还在',
}
const NO_GROUND: Said = { title: '还没有准备好', detail: '请先连一次网，取到验码用的公钥' }

/** A tablet without a network: what it may take, what waits, and how it goes to the server. */
export function useOffline() {
  const [tablet, setTablet] = useState(keptTablet)
  const [book, setBook] = useState(keptBook)
  const [at, setAt] = useState<Step>({ step: 'scan' })
  const [amount, setAmount] = useState('')
  const [said, setSaid] = useState<Said | null>(null)
  // told of a tablet that this device may no longer be
  const ended = (tabletId: string) => {
    const own = keptTablet()
    if (own?.tabletId === tabletId && !own.ended) setTablet(endTablet(own))
  }
  const sync = useSync(tablet?.tabletId ?? null, book.waiting.length > 0, setBook, ended)
  const enrolling = useCommand((input: { tillId: string; label: string }, requestId) =>
    api.offline.enrolTablet.mutate({ requestId, ...input }),
  )

  const scan = (text: string) => {
    const ground = keptGround()
    if (!ground) return setSaid(NO_GROUND)
    const keys = ground.keys.map(({ number, publicKey }) => ({ number, publicKey: bytesOfBase64url(publicKey) }))
    const scanned = readScan(text, keptBook(), { now: Date.now() + ground.offsetMs, keys, verify })
    if ('refusal' in scanned) return setSaid(refusalWords(scanned.refusal))
    setSaid(null)
    setAt({ step: 'amount', shown: scanned.shown })
  }
  const note = () => {
    const fen = fenOf(amount)
    const ground = keptGround()
    if (at.step !== 'amount' || fen === 0 || !ground) return
    const now = Date.now() + ground.offsetMs
    if (now - at.shown.scannedAt > DEMO_POLICY.visitMinutes * 60_000) {
      setAt({ step: 'scan' })
      return setSaid(SCAN_AGAIN)
    }
    const next = withEntry(keptBook(), at.shown, fen, now)
    if (!keepBook(next)) return setSaid(NO_ROOM)
    setBook(next)
    setAmount('')
    setAt({ step: 'noted', amountFen: fen })
  }
  const enrol = async (wish: { tillId: string; label: string; storeId: string }) => {
    const made = await enrolling.run({ tillId: wish.tillId, label: wish.label })
    if (!made) return
    const own = { tabletId: made.tabletId, storeId: wish.storeId, tillId: wish.tillId }
    if (!becomeTablet(own, made.firstSequence)) return setSaid(NO_ROOM)
    setTablet(own)
    setBook(keptBook())
    // ready means that it opens again without a network, from now on
    if (process.env.TARO_ENV === 'h5') keepPages()
  }
  const next = () => {
    setSaid(null)
    setAmount('')
    setAt({ step: 'scan' })
  }
  const press = (key: Key) => at.step === 'amount' && setAmount((text) => typed(text, key))
  return { tablet, book, at, amount, said, scan, note, next, press, enrol, enrolling, sync }
}

export type Offline = ReturnType<typeof useOffline>

/** How long after a try that did not get through there is another; what waits is tried until it is there. */
const AGAIN_MS = 10_000

/** Brings the queue to the server whenever there is a network, in parts; sent again, a part has no second effect. */
function useSync(
  tabletId: string | null,
  waits: boolean,
  onBook: (book: Book) => void,
  onEnded: (tabletId: string) => void,
) {
  const { online } = useOnline()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Trouble | null>(null)
  const running = useRef(false)
  const run = async () => {
    if (!tabletId || running.current) return
    running.current = true
    setBusy(true)
    setFault(null)
    try {
      // a tablet that was ended still brings what it sold before
      const ground = await learnGround(tabletId).catch(faultOf)
      if (ground?.code === 'TABLET_REVOKED') onEnded(tabletId)
      setFault((await sendAll(onBook)) ?? ground)
    } catch (error) {
      setFault(faultOf(error))
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  const latest = useRef(run)
  latest.current = run
  useDidShow(() => void latest.current())
  useEffect(() => {
    if (!online) return
    void latest.current()
    if (!waits) return
    const timer = setInterval(() => void latest.current(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [online, tabletId, waits])
  return { run, busy, fault, online }
}

/** Each tablet's entries by themselves: those of another store wait for somebody of that store. */
async function sendAll(onBook: (book: Book) => void): Promise<Trouble | null> {
  let fault: Trouble | null = null
  for (const tabletId of waitingTablets(keptBook()))
    try {
      for (let part = nextPart(keptBook(), tabletId); part.length > 0; part = nextPart(keptBook(), tabletId))
        if (!(await sendPart(tabletId, part, onBook))) break
    } catch (error) {
      fault ??= faultOf(error)
    }
  return fault
}

async function learnGround(tabletId: string): Promise<null> {
  const sent = Date.now()
  const { serverNow, publicKeys } = await api.offline.ground.query({ tabletId })
  keepGround({ keys: publicKeys, offsetMs: Math.round(serverNow - (sent + Date.now()) / 2) })
  return null
}

/** False when nothing of it was answered: asking on would turn in a circle. */
async function sendPart(tabletId: string, part: Entry[], onBook: (book: Book) => void): Promise<boolean> {
  const entries = part.map(({ sequence, code, scannedAt, soldAt, amountFen }) => ({
    ...{ sequence, code, scannedAt, soldAt, amountFen },
  }))
  const { results } = await api.offline.sync.mutate({ requestId: newId(), tabletId, entries })
  const told = results.map(({ sequence, state, clash, points }) => ({
    ...{ sequence, state },
    clash: clash ?? null,
    points: points ?? null,
  }))
  const book = withResults(keptBook(), tabletId, told, Date.now())
  // not kept: it waits on, and is answered alike when it is sent again
  if (!keepBook(book)) return false
  onBook(book)
  return told.length > 0
}
