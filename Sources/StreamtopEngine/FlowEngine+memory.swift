import StreamtopBase
import StreamtopTransport

/// The budget for bytes of the wire: charging it, and who gives up when it is spent.
extension FlowEngine {
    /// Charges what the trackers of the flow at `position` hold now. When the budget is spent, others give up, or this one:
    /// the flow may be gone afterwards.
    mutating func chargeMemory(of position: UInt32) {
        let held = heldBytes(of: position)
        let charged = Int(flows[position].chargedBytes)
        guard held != charged else { return }
        memory.budget.change(from: charged, to: held)
        flows[position].chargedBytes = UInt32(clamping: held)
        guard held > 0 else { return memory.holders.remove(position) }
        memory.holders.note(position, number: flows[position].ordinal, standing: flows[position].standing)
        if memory.isSpent { giveUpMemory() }
    }

    /// The flow leaves the table: what it held is free.
    mutating func dischargeMemory(of position: UInt32) {
        guard flows[position].chargedBytes > 0 else { return }
        memory.budget.change(from: Int(flows[position].chargedBytes), to: 0)
        flows[position].chargedBytes = 0
        memory.holders.remove(position)
    }

    /// What the layers of the flow hold: bytes of the wire, and the state to read them.
    private func heldBytes(of position: UInt32) -> Int { trackers.heldBytes(of: flows[position].layers) }

    /// The least proven flows give up what they hold; those that hold nothing but their state leave the table.
    private mutating func giveUpMemory() {
        while memory.isSpent, let position = nextHolder() {  // each turn frees something of a flow, or the flow
            let before = Int(flows[position].chargedBytes)
            releaseMemory(of: position)
            let now = heldBytes(of: position)
            if now < before {
                memory.budget.change(from: before, to: now)
                memory.budget.countRelease(of: before - now)
                flows[position].chargedBytes = UInt32(clamping: now)
                memory.holders.note(position, number: flows[position].ordinal, standing: flows[position].standing)
            } else {
                memory.budget.countRelease(of: before)
                evict(position)
            }
        }
    }

    /// The flow that gives up next; nil when none holds anything.
    private mutating func nextHolder() -> UInt32? {
        for standing in FlowEntry.Standing.allCases {
            while let (position, number) = memory.holders.first(standing) {  // each turn takes an entry out, or returns
                let isThere = flows.contains(position) && flows[position].ordinal == number
                if isThere, flows[position].standing == standing { return position }
                memory.holders.removeFirst(standing)
                // What became of it is known only now.
                if isThere { memory.holders.note(position, number: number, standing: flows[position].standing) }
            }
        }
        return nil
    }

    private mutating func releaseMemory(of position: UInt32) {
        trackers.releaseHeldBytes(of: flows[position].layers)
    }
}
