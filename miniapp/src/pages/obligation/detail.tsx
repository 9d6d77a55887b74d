import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Cell, Panel } from '../../ui/blocks'
import { markOf } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { rewardWords } from './group'
import { NextStep } from './obligation-card'
import type { Obligation } from './obligations'

/** More steps than fit on a card are only counted. */
const STAMPS = 20

/** One small thing in full: its words, how it is confirmed, where, until when and what there is for it. */
export function Detail({ obligation, onClose }: { obligation: Obligation | null; onClose: () => void }) {
  return (
    <View>
      <Sheet open={obligation !== null} onClose={onClose} title={obligation?.title ?? ''}>
        {obligation && <Whole obligation={obligation} />}
      </Sheet>
    </View>
  )
}

function Whole({ obligation }: { obligation: Obligation }) {
  const { words, mark, target, progress, startsAt, endsAt, storeName } = obligation
  const now = new Date()
  const from = new Date(startsAt)
  const day = `到 ${dayWords(new Date(endsAt), now)}`
  return (
    <View id="obligation-detail">
      <View className="hy-2">{words}</View>
      {target > 1 && target <= STAMPS && <Stamps mark={mark} target={target} progress={progress} />}
      <View className="hy-mt4">
        <Panel>
          <Cell
            icon="scan"
            tone="quiet"
            title="怎么算做到"
            sub={`每次到店出示会员码，店员扫码确认${target > 1 ? `，共 ${target} 次` : ''}`}
          />
          <Cell icon="store" tone="quiet" title="在哪里" sub={storeName ?? '哪家店都可以'} />
          <Cell
            icon="clock"
            tone="quiet"
            title="到什么时候"
            sub={from > now ? `${dayWords(from, now)}开始，${day}` : day}
          />
          <Cell icon="medal" tone="quiet" title="做完得到" sub={rewardWords(obligation)} />
        </Panel>
      </View>
      <View className="hy-dock ob-dock">
        <NextStep obligation={obligation} block />
      </View>
    </View>
  )
}

/** A card of stamps: one for each time, the confirmed ones pressed. */
const Stamps = ({ mark, target, progress }: { mark: string; target: number; progress: number }) => (
  <View className="ob-stamps" {...aria({ role: 'img', label: `${target} 次里做到 ${progress} 次` })}>
    {Array.from({ length: target }, (_, index) => (
      <View key={index} className="ob-stamp__place">
        <View className={`ob-stamp${index < progress ? ' ob-stamp--on' : ''}`}>
          {index < progress ? <Icon name={markOf(mark)} size="m" /> : index + 1}
        </View>
      </View>
    ))}
  </View>
)
