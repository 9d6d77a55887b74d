import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { View } from '@tarojs/components'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { States } from '../../ui/states'
import { AdjustForm } from './adjust-form'
import type { Subject } from './adjustment'
import type { Adjusting } from './use-adjusting'
import type { FoundSubject } from './use-subject'

/** Room for a number that is pasted with its gaps. */
const SAID_LENGTH = 24
/** A browser takes nothing but digits into a field for numbers: what else was pasted would be lost unseen. */
const NUMBERS = process.env.TARO_ENV === 'weapp' ? 'number' : 'text'

/** Whose points, and what is to change: one below the other, on a desk side by side. */
export const Adjust = ({ adjusting }: { adjusting: Adjusting }) => (
  <View className="hy-cols">
    <View className="hy-col">
      <Finder subject={adjusting.subject} />
      <View>
        {adjusting.subject.isAsked && (
          <View className="hy-mt4">
            <States read={adjusting.subject.read}>{(subject) => <Who subject={subject} />}</States>
          </View>
        )}
      </View>
    </View>
    <View className="hy-col">
      {adjusting.subject.isAsked && adjusting.subject.read.data ? (
        <AdjustForm adjusting={adjusting} subject={adjusting.subject.read.data} />
      ) : (
        <View className="bk-hint">先找到会员，再填要调整的积分</View>
      )}
    </View>
  </View>
)

const Finder = ({ subject: { said, say, find, problem, read, isAsked } }: { subject: FoundSubject }) => (
  <Panel pad>
    <View className="hy-title">调整谁的积分</View>
    <Field
      id="subject-input"
      label="16 位会员号"
      type={NUMBERS}
      value={said}
      maxLength={SAID_LENGTH}
      placeholder="输入或粘贴"
      onInput={say}
      onConfirm={find}
      {...(problem ? { hint: problem, bad: true } : { hint: '印在实体卡上；会员点首页的会员卡也看得到' })}
    />
    <View className="hy-dock">
      <Button id="subject-find" block kind="secondary" busy={isAsked && read.loading} onTap={find}>
        查找
      </Button>
    </View>
  </Panel>
)

/** Enough to know whether it is the right one, and nothing more. */
const Who = ({ subject }: { subject: Subject }) => (
  <View id="subject">
    <Panel pad>
      <View className="hy-row hy-between">
        <View className="hy-title">{subject.nameMasked ?? '未留名'}</View>
        <Tag kind="brand">{`${rungOf(subject.tier, DEMO_POLICY).name}会员`}</Tag>
      </View>
      <View className="hy-caption hy-3 hy-num">{`尾号 ${subject.memberNo.slice(-4)}`}</View>
      <View className="bk-sums">
        <Sum name="可用" count={subject.points} />
        <Sum name="待生效" count={subject.pendingPoints} />
        <Sum name="欠分" count={subject.debtPoints} bad={subject.debtPoints > 0} />
      </View>
    </Panel>
  </View>
)

const Sum = ({ name, count, bad }: { name: string; count: number; bad?: boolean }) => (
  <View className={`bk-sum${bad ? ' bk-sum--bad' : ''}`}>
    <View className="bk-sum__n">{countText(count)}</View>
    <View className="hy-caption hy-2">{name}</View>
  </View>
)
