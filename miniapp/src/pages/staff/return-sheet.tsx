import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { beforeReturnWords, type ReturnableOrder, type Returned, returnWords } from './return-words'
import { type Returning, useReturning } from './use-returning'

/** `100000.00`, and one more, so that a digit too many is seen. */
const AMOUNT_LENGTH = 10

/** Takes a purchase back, whole or in part: what will go back is told first, what went back after. */
export function ReturnSheet({ order, onClose }: { order: ReturnableOrder; onClose: () => void }) {
  const returning = useReturning(order)
  const { done } = returning
  return (
    <Sheet open onClose={onClose} title={!done ? '退这一单？' : done.leftFen > 0 ? '已退一部分' : '已退货'}>
      {done ? <Done done={done} onClose={onClose} /> : <Asked order={order} returning={returning} />}
    </Sheet>
  )
}

function Asked({ order, returning }: { order: ReturnableOrder; returning: Returning }) {
  const { command, fen, leftFen, part, send } = returning
  const { fault, unsure, busy } = command
  return (
    <View>
      <View id="return" className="st-return">
        <View className="hy-caption hy-2 hy-num">{order.orderNo}</View>
        {leftFen > 1 && !unsure && <HowMuch order={order} returning={returning} />}
        {(!part || unsure) && <View className="st-return__n">{yuanText(fen ?? 0)}</View>}
        {beforeReturnWords(order, { fen, leftFen }).map((line) => (
          <View key={line} className="st-return__line">
            <View className="st-return__dot" />
            <Text className="st-return__words">{line}</Text>
          </View>
        ))}
      </View>
      <View className="hy-dock">
        {fault && <FaultNote fault={fault} onRetry={() => void send()} />}
        {unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，不会重复退</Text>}
        <Button id="return-submit" block busy={busy} disabled={fen === null && !busy} onTap={() => void send()}>
          {fen === null ? '请输入退多少' : `确认退货 ${yuanText(fen)}`}
        </Button>
      </View>
    </View>
  )
}

/** All that is left, or an amount. */
function HowMuch({
  order,
  returning: { leftFen, part, typed, setTyped },
}: {
  order: ReturnableOrder
  returning: Returning
}) {
  return (
    <View className="st-return__how">
      <View className="hy-chips">
        <View id="return-all">
          <Chip on={!part} onTap={() => setTyped(null)}>
            {`${leftFen < order.amountFen ? '退剩下的' : '退全部'} ${yuanText(leftFen)}`}
          </Chip>
        </View>
        <View id="return-part">
          <Chip on={part !== null} onTap={() => setTyped(typed ?? '')}>
            退一部分
          </Chip>
        </View>
      </View>
      {part && (
        <Field
          id="return-amount"
          label="退多少元"
          type={process.env.TARO_ENV === 'weapp' ? 'digit' : 'text'}
          value={typed ?? ''}
          maxLength={AMOUNT_LENGTH}
          focus
          onInput={setTyped}
          hint={part.hint}
          bad={part.bad}
        />
      )}
    </View>
  )
}

const Done = ({ done, onClose }: { done: Returned; onClose: () => void }) => (
  <View>
    <View id="returned" className="st-return" {...aria({ role: 'alert' })}>
      <View className="hy-caption hy-2 hy-num">{done.orderNo}</View>
      <View className="st-return__n">{yuanText(done.refundedFen)}</View>
      {[`请退给顾客 ${yuanText(done.refundedFen)}`, ...returnWords(done)].map((line) => (
        <View key={line} className="st-return__line">
          <Icon name="check" size="s" className="st-return__ok" />
          <Text className="st-return__words">{line}</Text>
        </View>
      ))}
    </View>
    <View className="hy-dock">
      <Button id="return-done" block onTap={onClose}>
        好了
      </Button>
    </View>
  </View>
)
