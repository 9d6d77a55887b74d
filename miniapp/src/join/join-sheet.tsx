import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useEffect, useState } from 'react'
import { platform } from '../lib/device'
import { useCommand } from '../lib/query'
import { type Joined, join, phoneButton, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Sheet } from '../ui/sheet'
import { FaultNote } from '../ui/states'
import { ClaimSheet } from './claim-sheet'
import { Consent } from './consent'
import { isWhole, PhoneBySms } from './phone-by-sms'

type Phone = Parameters<typeof join>[2]

interface JoinSheetWish {
  open: boolean
  onClose: () => void
  /** Somebody has joined, and has said what is to become of an old card if there is one. */
  onJoined?: () => void
}

/** Becoming a member: agree first; the phone with one tap, by text message, or not at all. */
export function JoinSheet({ open, onClose, onJoined }: JoinSheetWish) {
  const [claim, setClaim] = useState<Joined['claim']>(null)
  return (
    <>
      <Sheet open={open} onClose={onClose} title="领取会员卡">
        <JoinForm
          onJoined={(joined) => {
            onClose()
            setClaim(joined.claim)
            if (!joined.claim) onJoined?.()
          }}
        />
      </Sheet>
      <ClaimSheet
        claimId={claim?.claimId ?? null}
        points={claim?.points}
        onClose={() => {
          setClaim(null)
          onJoined?.()
        }}
      />
    </>
  )
}

function JoinForm({ onJoined }: { onJoined: (joined: Joined) => void }) {
  const { hasPhone } = useSession()
  const [agreed, setAgreed] = useState(false)
  const [nudged, setNudged] = useState(false)
  const [bySms, setBySms] = useState(false)
  const [proof, setProof] = useState({ phone: '', code: '' })
  const [version, setVersion] = useState(DEMO_POLICY.consentVersion)
  const command = useCommand(async (phone: Phone | undefined, requestId) =>
    onJoined(await join(requestId, version, phone)),
  )
  const stale = command.fault?.code === 'CONSENT_STALE' ? command.fault.detail.version : null
  useEffect(() => {
    // a newer text was agreed on elsewhere: it has to be agreed to here as well
    if (!stale) return
    setVersion(stale)
    setAgreed(false)
  }, [stale])
  const enter = (phone?: Phone) => {
    if (agreed) void command.run(phone)
    else setNudged(true)
  }
  return (
    <View>
      <View className="hy-2">只用来认出你、记你的积分。手机号可以不留。</View>
      <Consent agreed={agreed} nudged={nudged && !agreed} onChange={setAgreed} />
      {bySms && <PhoneBySms value={proof} onChange={setProof} agreed={agreed} onNudge={() => setNudged(true)} />}
      <View className="hy-dock">
        {command.fault && <FaultNote fault={command.fault} />}
        {bySms ? (
          <Button
            id="join-submit"
            block
            busy={command.busy}
            disabled={!isWhole(proof)}
            onTap={() => enter({ kind: 'sms', ...proof })}
          >
            同意并入会
          </Button>
        ) : (
          <FirstWay busy={command.busy} hasPhone={hasPhone} agreed={agreed} onEnter={enter} />
        )}
        {!hasPhone && !bySms && (
          <Button
            id="join-phone-sms"
            block
            kind={platform === 'weapp' ? 'secondary' : 'primary'}
            onTap={() => setBySms(true)}
          >
            用短信验证手机号
          </Button>
        )}
        {!hasPhone && (
          <Button id="join-skip-phone" block kind="ghost" busy={command.busy} onTap={() => enter()}>
            先不绑定手机，直接入会
          </Button>
        )}
      </View>
    </View>
  )
}

/** WeChat's own one-tap phone in the mini-program; in a browser, and with a phone proven already, a plain button. */
function FirstWay({
  busy,
  hasPhone,
  agreed,
  onEnter,
}: {
  busy: boolean
  hasPhone: boolean
  agreed: boolean
  onEnter: (phone?: Phone) => void
}) {
  if (hasPhone)
    return (
      <Button id="join-submit" block busy={busy} onTap={() => onEnter()}>
        同意并入会
      </Button>
    )
  if (platform !== 'weapp') return null
  return (
    <Button
      id="join-submit"
      block
      busy={busy}
      {...(agreed
        ? {
            open: {
              openType: 'getPhoneNumber' as const,
              onGetPhoneNumber: ({ detail }: { detail: { code?: string } }) => {
                if (detail.code) onEnter(phoneButton(detail.code))
              },
            },
          }
        : { onTap: () => onEnter() })}
    >
      手机号一键入会
    </Button>
  )
}
