import Taro from '@tarojs/taro'
import { create } from 'zustand'
import { api, faultOf, type RouterOutputs, type Trouble } from './api'
import { arrivalOf, forgetLink } from './arrival'
import { deviceLabel, ownAppid, platform } from './device'
import { newId } from './id'
import { ownInstall } from './install'
import { useEnrolment } from './member-code'
import { queryClient } from './query'
import { keep, kept } from './storage'
import { heldTokens, holdTokens, onTokens, useHolder } from './tokens'

export type SessionState = 'starting' | 'guest' | 'member' | 'signed_out'

interface Session {
  state: SessionState
  /** Whether the guest has already proven a phone by signing in with it. */
  hasPhone: boolean
  /** Why signing in did not succeed, to be said where the person can try again. */
  trouble: Trouble | null
}

const stateOf = (): Pick<Session, 'state' | 'hasPhone'> => {
  const held = heldTokens()
  if (!held) return { state: 'signed_out', hasPhone: false }
  return held.kind === 'member' ? { state: 'member', hasPhone: false } : { state: 'guest', hasPhone: held.hasPhone }
}

/** Who is holding this phone, as far as the server has said. */
export const useSession = create<Session>(() => ({ state: 'starting', hasPhone: false, trouble: null }))

onTokens((held) => {
  if (held?.kind === 'member') changeHands(held.memberId, held.renewed)
  useSession.setState({ ...stateOf(), trouble: null })
})

const OWNER = 'owner'
const SIGNED_OUT = 'signed-out'
/** Kept things that belong to the person signed in. */
const CODE = 'member-code'
const PERSONAL = [CODE, 'reads', 'searches']

/**
 * What one person left on this phone is gone before the next one looks. Where only the record is another by now, the code of this
 * phone went along with its place.
 */
function changeHands(memberId: string | null, samePlace = false): void {
  if (kept<string>(OWNER) === memberId) return
  for (const name of PERSONAL) if (!(samePlace && name === CODE)) keep(name, null)
  queryClient.clear()
  keep(OWNER, memberId)
  if (!samePlace) useEnrolment.setState({ own: null })
}

type Door = Parameters<typeof api.session.open.mutate>[0]['door']

const place = () => ({ deviceLabel: deviceLabel(), platform, ...ownInstall() })

async function open(door: Door): Promise<void> {
  const opened = await api.session.open.mutate({ door, arrival: arrivalOf(), ...place() })
  keep(SIGNED_OUT, null)
  holdTokens(opened)
}

/**
 * Brings the session up when the app starts: what is held is used; WeChat signs in silently; a browser that comes
 * back from WeChat's consent page brings a code in its address.
 */
export async function startSession(): Promise<void> {
  try {
    if (heldTokens()?.kind === 'member') return useSession.setState(stateOf())
    const code = platform === 'h5' ? returnedCode() : null
    if (code) return await open({ kind: 'oauth', code, ...askedApp() })
    // somebody who signed out stays out until asking to come in
    if (platform === 'weapp' && !kept<boolean>(SIGNED_OUT)) return await signInByWechat()
    useSession.setState(stateOf())
  } catch (error) {
    useSession.setState({ ...stateOf(), trouble: faultOf(error) })
  } finally {
    useHolder.setState({ known: true })
  }
}

/** Signs in with WeChat: silently in the mini-program; in a browser by way of WeChat's consent page. */
export async function signInByWechat(): Promise<void> {
  if (platform === 'weapp') {
    const { code } = await Taro.login()
    return open({ kind: 'weapp', code, ...ownAppid() })
  }
  // the menu of an official account beside the main one leads here with its own id
  const app = /[?&]app=(\w+)/.exec(window.location.search)?.[1]
  const { data } = await Taro.request<{ oauthAuthorizeUrl: string; oauthAppid: string }>({
    url: `${BFF_URL}/h5-config.json${app ? `?app=${app}` : ''}`,
    dataType: 'json',
  })
  keep(ASKED_APP, data.oauthAppid)
  const state = newId().replace(/-/g, '')
  keep(STATE, state)
  window.location.href = data.oauthAuthorizeUrl.replace('STATE', state)
}

export const signInBySms = (phone: string, code: string): Promise<void> => open({ kind: 'sms', phone, code })

const STATE = 'oauth-state'
/** The official account whose consent page was asked: its code is of no use to another. */
const ASKED_APP = 'oauth-app'

function askedApp(): { appid?: string } {
  const appid = kept<string>(ASKED_APP)
  keep(ASKED_APP, null)
  return appid ? { appid } : {}
}

/** The code that WeChat's consent page sent back, if this visit is the one that asked; the address is cleaned. */
function returnedCode(): string | null {
  const found = /[?&]code=([^&#]+)/.exec(window.location.search)
  const state = /[?&]state=([^&#]+)/.exec(window.location.search)?.[1]
  if (!found) return null
  window.history.replaceState(null, '', window.location.pathname + window.location.hash)
  const expected = kept<string>(STATE)
  keep(STATE, null)
  return state === expected ? decodeURIComponent(found[1] as string) : null
}

export type Joined = RouterOutputs['session']['join']
type PhoneDoor = Parameters<typeof api.member.attachPhone.mutate>[0]['phone']

/** What WeChat's phone button gave, with the mini-program it was pressed in. */
export const phoneButton = (code: string): PhoneDoor => ({ kind: 'weapp', code, ...ownAppid() })

/** Makes the guest a member. The same `requestId` may be sent again after a lost answer. */
export async function join(requestId: string, consentVersion: string, phone?: PhoneDoor): Promise<Joined> {
  const joined = await api.session.join.mutate({
    requestId,
    consentVersion,
    ...(phone ? { phone } : {}),
    arrival: arrivalOf(),
    ...place(),
  })
  holdTokens({ kind: 'member', memberId: joined.memberId, tokens: joined.tokens })
  forgetLink()
  return joined
}

/** Signs this place out and forgets what belongs to the person; the phone stays a stranger until asked again. */
export async function signOut(): Promise<void> {
  await api.session.signOut.mutate().catch(() => {})
  keep(SIGNED_OUT, true)
  changeHands(null)
  holdTokens(null)
}
