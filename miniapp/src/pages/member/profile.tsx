import { isDisplayName } from '@huiyuan/shared/member'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { ClaimSheet } from '../../join/claim-sheet'
import { isWhole, PhoneBySms } from '../../join/phone-by-sms'
import { api, type RouterOutputs } from '../../lib/api'
import { platform } from '../../lib/device'
import { refresh, useCommand, useRead } from '../../lib/query'
import { phoneButton } from '../../lib/session'
import { BirthdaySheet } from '../../ui/birthday-sheet'
import { Cell, Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Page } from '../../ui/page'
import { Sheet } from '../../ui/sheet'
import { FaultNote, Skeleton, States } from '../../ui/states'
import { CardSheet } from './card-sheet'
import { Known } from './known'

type Me = RouterOutputs['member']['me']

/** What the house knows me by and what it knew, what one more would bring, and what I am called. */
export default function Profile() {
  const read = useRead(['me'], () => api.member.me.query(), { keepAs: 'me' })
  const known = useRead(['identities'], () => api.member.identities.query(), { keepAs: 'identities' })
  const [sheet, setSheet] = useState<'name' | 'birthday' | 'phone' | 'card' | null>(null)
  const [claim, setClaim] = useState<Me['openClaim']>(null)
  const close = () => setSheet(null)
  return (
    <Page onRefresh={() => refresh('me', 'identities')}>
      <States read={read} skeleton={<Skeleton rows={4} />}>
        {(me) => (
          <>
            <Panel>
              <Cell id="rename-open" icon="me" title={me.displayName} sub="怎么称呼你" onTap={() => setSheet('name')} />
              <BirthdayCell me={me} onTap={() => setSheet('birthday')} />
              <Cell icon="card" tone="quiet" title="会员号" sub={me.memberNo.replace(/(\d{4})(?=\d)/g, '$1 ')} />
            </Panel>
            <States read={known} skeleton={<Skeleton rows={3} />}>
              {(identities) => (
                <Known
                  me={me}
                  known={identities}
                  onPhone={() => setSheet('phone')}
                  onCard={() => setSheet('card')}
                  onClaim={() => setClaim(me.openClaim)}
                />
              )}
            </States>
            <RenameSheet open={sheet === 'name'} name={me.displayName} onClose={close} />
            {sheet === 'birthday' && <BirthdaySheet open birthday={me.birthday} onClose={close} />}
          </>
        )}
      </States>
      <PhoneSheet open={sheet === 'phone'} onClose={close} onClaim={setClaim} />
      <CardSheet open={sheet === 'card'} onClose={close} />
      <ClaimSheet claimId={claim?.claimId ?? null} points={claim?.points} onClose={() => setClaim(null)} />
    </Page>
  )
}

/** When the birthday is, and whether it can be changed now. */
function BirthdayCell({ me: { birthday, birthdayFixedUntil }, onTap }: { me: Me; onTap: () => void }) {
  if (!birthday) return <Cell id="birthday-open" icon="sun" title="填写生日" sub="生日礼会准时等你" onTap={onTap} />
  const title = `${birthday.month} 月 ${birthday.day} 日`
  if (!birthdayFixedUntil) return <Cell id="birthday-open" icon="sun" title={title} sub="你的生日" onTap={onTap} />
  const until = dayWords(new Date(birthdayFixedUntil), new Date())
  return <Cell id="birthday-fixed" icon="sun" title={title} sub={`你的生日 · ${until}起可以修改`} />
}

function RenameSheet({ open, name, onClose }: { open: boolean; name: string; onClose: () => void }) {
  const [value, setValue] = useState(name)
  const rename = useCommand((displayName: string, requestId) => api.member.rename.mutate({ displayName, requestId }))
  const submit = async () => {
    if (!(await rename.run(value.trim()))) return
    await refresh('me', 'home')
    onClose()
  }
  return (
    <Sheet open={open} onClose={onClose} title="怎么称呼你">
      <Field id="rename-name" label="名字" type="nickname" value={value} maxLength={20} onInput={setValue} />
      <View className="hy-dock">
        {rename.fault && <FaultNote fault={rename.fault} />}
        <Button
          id="rename-submit"
          block
          busy={rename.busy}
          disabled={!isDisplayName(value)}
          onTap={() => void submit()}
        >
          保存
        </Button>
      </View>
    </Sheet>
  )
}

type PhoneDoor = Parameters<typeof api.member.attachPhone.mutate>[0]['phone']

function PhoneSheet({
  open,
  onClose,
  onClaim,
}: {
  open: boolean
  onClose: () => void
  onClaim: (claim: Me['openClaim']) => void
}) {
  const [proof, setProof] = useState({ phone: '', code: '' })
  const [waits, setWaits] = useState(false)
  const attach = useCommand((phone: PhoneDoor, requestId) => api.member.attachPhone.mutate({ phone, requestId }))
  const submit = async (phone: PhoneDoor) => {
    const attached = await attach.run(phone)
    if (!attached) return
    await refresh('me', 'home', 'identities')
    if (!attached.attached) return setWaits(true)
    onClose()
    if (attached.claim) onClaim({ ...attached.claim, expiresAt: String(attached.claim.expiresAt) })
  }
  const close = () => {
    setWaits(false)
    onClose()
  }
  if (waits) return <PhoneWaits open={open} onClose={close} />
  return (
    <Sheet open={open} onClose={close} title="验证手机号">
      <PhoneBySms value={proof} onChange={setProof} />
      <View className="hy-dock">
        {attach.fault && <FaultNote fault={attach.fault} />}
        <Button
          id="phone-submit"
          block
          busy={attach.busy}
          disabled={!isWhole(proof)}
          onTap={() => void submit({ kind: 'sms', ...proof })}
        >
          绑定
        </Button>
        {platform === 'weapp' && (
          <Button
            id="phone-wechat"
            block
            kind="secondary"
            busy={attach.busy}
            open={{
              openType: 'getPhoneNumber',
              onGetPhoneNumber: ({ detail }) => {
                if (detail.code) void submit(phoneButton(detail.code))
              },
            }}
          >
            用微信手机号
          </Button>
        )}
      </View>
    </Sheet>
  )
}

/** The number stays where it is: its holder may be the same person by another door of WeChat. */
const PhoneWaits = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Sheet open={open} onClose={onClose} title="这个号码还在另一个会员名下">
    <View id="phone-waits" className="hy-2">
      那可能也是你，比如从公众号入的会。为了不拿错积分，号码先留在原处。
    </View>
    <View className="hy-2 hy-mt2">下次到店出示会员码，请店员核对，两边就会并成一位。</View>
    <View className="hy-dock">
      <Button id="phone-waits-done" block onTap={onClose}>
        好的
      </Button>
    </View>
  </Sheet>
)
