import { isDisplayName } from '@huiyuan/shared/member'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { ClaimSheet } from '../../join/claim-sheet'
import { isWhole, PhoneBySms } from '../../join/phone-by-sms'
import { api, type RouterOutputs } from '../../lib/api'
import { platform } from '../../lib/device'
import { refresh, useCommand, useRead } from '../../lib/query'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import type { IconName } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Sheet } from '../../ui/sheet'
import { FaultNote, Skeleton, States } from '../../ui/states'

type Me = RouterOutputs['member']['me']
const ICON: Record<string, IconName> = { phone: 'phone', store_card: 'card', external: 'link' }

/** What the house knows me by, what one more would bring, and what I am called. */
export default function Profile() {
  const read = useRead(['me'], () => api.member.me.query(), { keepAs: 'me' })
  const [naming, setNaming] = useState(false)
  const [phoning, setPhoning] = useState(false)
  const [claim, setClaim] = useState<Me['openClaim']>(null)
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={4} />}>
        {(me) => (
          <>
            <Panel>
              <Cell id="rename-open" icon="me" title={me.displayName} sub="怎么称呼你" onTap={() => setNaming(true)} />
              <Cell icon="card" tone="quiet" title="会员号" sub={me.memberNo.replace(/(\d{4})(?=\d)/g, '$1 ')} />
            </Panel>
            <Section title="已经关联" />
            <Panel>
              {me.identities.map((identity) => (
                <Cell
                  key={`${identity.kind}${identity.label}${identity.hint}`}
                  icon={ICON[identity.kind] ?? 'link'}
                  title={identity.label}
                  sub={[
                    identity.kind === 'phone' ? me.phoneMasked : identity.hint,
                    `${dayWords(new Date(identity.provenAt), new Date())}验证`,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                  end={<Tag kind="ok">已关联</Tag>}
                />
              ))}
            </Panel>
            <Section title="还能关联" />
            <Panel>
              <Cell
                id="phone-open"
                icon="phone"
                tone="accent"
                title={me.phoneMasked ? '换一个手机号' : '绑定手机号'}
                sub={me.phoneMasked ? '新号码验证后，旧号码自动解除' : '能找回实体老卡和里面的积分'}
                onTap={() => setPhoning(true)}
              />
              {me.openClaim && (
                <Cell
                  id="claim-open"
                  icon="card"
                  tone="accent"
                  title="认领老会员卡"
                  sub="填卡号后四位"
                  onTap={() => setClaim(me.openClaim)}
                />
              )}
            </Panel>
            <RenameSheet open={naming} name={me.displayName} onClose={() => setNaming(false)} />
          </>
        )}
      </States>
      <PhoneSheet open={phoning} onClose={() => setPhoning(false)} onClaim={setClaim} />
      <ClaimSheet claimId={claim?.claimId ?? null} points={claim?.points} onClose={() => setClaim(null)} />
    </Page>
  )
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
  const attach = useCommand((phone: PhoneDoor, requestId) => api.member.attachPhone.mutate({ phone, requestId }))
  const submit = async (phone: PhoneDoor) => {
    const attached = await attach.run(phone)
    if (!attached) return
    await refresh('me', 'home')
    onClose()
    if (attached.claim) onClaim({ ...attached.claim, expiresAt: String(attached.claim.expiresAt) })
  }
  return (
    <Sheet open={open} onClose={onClose} title="验证手机号">
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
                if (detail.code) void submit({ kind: 'weapp', code: detail.code })
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
