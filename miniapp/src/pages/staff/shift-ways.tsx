import { View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Cell, Panel } from '../../ui/blocks'
import { keptBook } from './offline-store'
import type { Job } from './phase'

/** From the day's list to the card beside the till, to the counter without a network and to what a manager looks after. */
export const ShiftWays = ({ job }: { job: Job }) => (
  <View className="hy-mt3">
    <Panel>
      <Cell
        id="card-open"
        icon="code"
        title="指令卡"
        sub="打印出来，扫码枪就能收款"
        onTap={() => go('/pages/staff/card')}
      />
      <Cell id="offline-way" icon="off" title="离线收银" sub={waitsWords()} onTap={() => go('/pages/staff/offline')} />
      {job.role !== 'clerk' && (
        <Cell
          id="manage-open"
          icon="store"
          title="店务"
          sub="密钥、推送、平板和审计"
          onTap={() => go('/pages/manage/manage')}
        />
      )}
    </Panel>
  </View>
)

function waitsWords(): string {
  const count = keptBook().waiting.length
  return count > 0 ? `${count} 笔待同步` : '断网也能记单，联网后自动入账'
}
