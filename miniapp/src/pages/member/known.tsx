import { View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { Cell, Panel, Section } from '../../ui/blocks'
import type { IconName } from '../../ui/icon'
import { CAME_ALONE, formerWords, type Identities, identityWords, mergeWords } from './identity-words'

type Me = RouterOutputs['member']['me']
const ICON: Record<string, IconName> = { wechat_openid: 'chat', phone: 'phone', store_card: 'card', external: 'link' }

const Lines = ({ of }: { of: string[] }) => (
  <View>
    {of.map((line) => (
      <View key={line}>{line}</View>
    ))}
  </View>
)

interface KnownWish {
  me: Me
  known: Identities
  onPhone: () => void
  onCard: () => void
  onClaim: () => void
}

/** What leads to me, what else could, what once did, and which other records became me. */
export function Known({ me, known, onPhone, onCard, onClaim }: KnownWish) {
  const now = new Date()
  const isAlone = known.identities.some(({ cameFromAnother }) => cameFromAnother)
  return (
    <View id="identities">
      <Section title="已经关联" />
      <Panel>
        {known.identities.map((identity) => (
          <Cell
            key={`${identity.kind}${identity.label}${identity.hint}`}
            icon={ICON[identity.kind] ?? 'link'}
            title={identity.label}
            sub={<Lines of={identityWords(identity, now)} />}
          />
        ))}
      </Panel>
      {isAlone && (
        <View id="came-alone" className="hy-caption hy-2 hy-mt2">
          {CAME_ALONE}
        </View>
      )}
      <Section title="还能关联" />
      <Panel>
        <Cell
          id="phone-open"
          icon="phone"
          tone="accent"
          title={me.phoneMasked ? '换一个手机号' : '绑定手机号'}
          sub={me.phoneMasked ? '新号码验证后，旧号码自动解除' : '能找回实体老卡和里面的积分'}
          onTap={onPhone}
        />
        {me.openClaim && (
          <Cell id="claim-open" icon="card" tone="accent" title="认领老会员卡" sub="填卡号后四位" onTap={onClaim} />
        )}
        <Cell
          id="card-open"
          icon="card"
          tone="accent"
          title="绑定实体会员卡"
          sub="没带手机也能积分，卡里的积分会并进来"
          onTap={onCard}
        />
      </Panel>
      {known.atCounter && (
        <View id="at-counter">
          <Section title="等你到店确认" />
          <Panel>
            <Cell
              icon="store"
              tone="quiet"
              title="你的手机号名下还有一位老会员"
              sub="出示会员码，请店员核对。是你的，积分和记录就并进来"
            />
          </Panel>
        </View>
      )}
      {known.former.length > 0 && (
        <View id="former">
          <Section title="以前的号码" />
          <Panel>
            {known.former.map((gone) => (
              <Cell
                key={gone.hint + gone.endedAt}
                icon="phone"
                tone="quiet"
                title={gone.hint || '手机号'}
                sub={formerWords(gone, now)}
              />
            ))}
          </Panel>
        </View>
      )}
      {known.merges.length > 0 && (
        <View id="merges-of-mine">
          <Section title="并进来的会员" />
          <Panel>
            {known.merges.map((merge) => (
              <Cell
                key={merge.at + merge.other4}
                icon="people"
                tone="quiet"
                title={`尾号 ${merge.other4}`}
                sub={<Lines of={mergeWords(merge, now)} />}
              />
            ))}
          </Panel>
        </View>
      )}
    </View>
  )
}
