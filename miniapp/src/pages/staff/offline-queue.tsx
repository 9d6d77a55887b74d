import { countText, yuanText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { clashText, entryText } from '../../lib/clash-text'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { More } from './more'
import { type Entry, type Result, waitingFen } from './offline-book'
import type { Offline } from './use-offline'

const SHOWN = 20

/** What waits for the network, and what came of the rest. */
export function OfflineQueue({ offline: { book, sync } }: { offline: Offline }) {
  const [count, setCount] = useState(SHOWN)
  const { waiting, results } = book
  return (
    <View>
      <Panel pad>
        <View className="st-off__sum">
          <View className="hy-grow">
            <View id="offline-waiting" className="st-total">{`${waiting.length} 笔`}</View>
            <View className="hy-2">
              {waiting.length > 0 ? `待同步，共 ${yuanText(waitingFen(book))}` : '都同步好了'}
            </View>
            <View id="offline-synced" className="hy-caption hy-3 hy-mt1">
              {book.syncedAt === null ? '还没有同步过' : `上次同步 ${moment(book.syncedAt)}`}
            </View>
          </View>
          <Button id="offline-sync" small kind="secondary" busy={sync.busy} onTap={() => void sync.run()}>
            现在同步
          </Button>
        </View>
      </Panel>
      {waiting.length > 0 && <Section title="待同步" />}
      {waiting.length > 0 && (
        <Panel>
          {waiting.slice(0, count).map((entry) => (
            <Waiting key={`${entry.tabletId} ${entry.sequence}`} entry={entry} />
          ))}
        </Panel>
      )}
      <More rest={waiting.length - count} onTap={() => setCount(count + SHOWN)} />
      {results.length > 0 && <Section title="最近同步" />}
      {results.length > 0 && (
        <Panel>
          {results.slice(0, SHOWN).map((result) => (
            <Done key={result.sequence} result={result} />
          ))}
        </Panel>
      )}
    </View>
  )
}

const moment = (at: number) => `${dayWords(new Date(at), new Date())} ${clockText(new Date(at))}`

const Waiting = ({ entry }: { entry: Entry }) => (
  <Cell
    icon="clock"
    tone="quiet"
    title={yuanText(entry.amountFen)}
    sub={`${entryText(entry.sequence)} · ${clockText(new Date(entry.soldAt))}`}
    end={entry.tier === null ? <Tag>待核对</Tag> : <Tag kind="ok">已验码</Tag>}
  />
)

const Done = ({ result: { sequence, state, clash, points, amountFen } }: { result: Result }) => (
  <Cell
    icon={state === 'settled' ? 'check' : 'warn'}
    tone={state === 'settled' ? 'quiet' : 'accent'}
    title={yuanText(amountFen)}
    sub={
      state === 'settled'
        ? `${entryText(sequence)} · 已入账`
        : `${entryText(sequence)} · ${clashText(clash)}，请店长核对`
    }
    end={state === 'settled' && points !== null ? <Tag kind="ok">{`+${countText(points)} 积分`}</Tag> : undefined}
  />
)
