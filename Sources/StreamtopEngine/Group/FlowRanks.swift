import StreamtopBase
import StreamtopModel

/// Gives flows their ranks: `f1, f2 …` in the order of their opening frames, over all engines.
///
/// A flow is opened by one frame; the ordinal of that frame, with a number for each flow that it opens (what a relay carries are flows
/// of their own), names a flow before its rank is known. Ranks follow at the end of each part of a batch, once every engine has said which it opened.
struct FlowRanks {
    /// Marks the number of a flow without a rank; ordinals stay below.
    static let unranked: UInt64 = 1 << 63

    /// Ranks given so far.
    private(set) var count: UInt64 = 0

    /// The rank of the first of `openings` more flows.
    mutating func give(_ openings: Int) -> UInt64 {
        defer { count += UInt64(openings) }
        return count + 1
    }
}

extension FlowEngine {
    /// Names the flows opened since the last call, the first of them `first`, here and in what was said of them meanwhile.
    mutating func rank(from first: UInt64) {
        guard !output.openings.isEmpty else {
            output.settled = output.entries.count
            return
        }
        var named = OpenedFlows(first: first)
        swap(&named.flows, &output.openings)
        for (number, opening) in named.flows.enumerated() where isThere(opening) {
            flows[opening.position].rank = first + UInt64(number)
        }
        for index in output.settled..<output.entries.count { output.entries[index].rename(by: named) }
        // Only the newest events can be about flows that had no rank.
        for index in output.history.indices.reversed() {
            guard output.history[index].flow.number & FlowRanks.unranked != 0 || index >= output.unsettledHistory else {
                break
            }
            output.history[index].flow = named[output.history[index].flow]
        }
        if watch.isOn { watch.settle { named[$0] } }
        output.unsettledHistory = output.history.count
        output.settled = output.entries.count
        swap(&named.flows, &output.openings)
        output.openings.removeAll(keepingCapacity: true)
    }

    func isThere(_ flow: FlowReference) -> Bool {
        flows.contains(flow.position) && flows[flow.position].ordinal == flow.ordinal
    }
}

/// The flows that were opened since ranks were given, in the order of frames, the first of them with rank `first`.
private struct OpenedFlows {
    var first: UInt64
    var flows: [FlowReference] = []

    init(first: UInt64) { self.first = first }

    /// The name of a flow by its rank.
    subscript(flow: FlowIdentifier) -> FlowIdentifier {
        guard flow.number & FlowRanks.unranked != 0 else { return flow }
        let ordinal = flow.number & ~FlowRanks.unranked
        var low = 0
        var high = flows.count
        while low < high {  // halves the range each round
            let middle = low + (high - low) / 2
            if flows[middle].ordinal < ordinal { low = middle + 1 } else { high = middle }
        }
        return FlowIdentifier(number: first + UInt64(low))
    }
}

extension EngineOutput {
    /// Exchanges the name of the flow that it is about.
    fileprivate mutating func rename(by names: OpenedFlows) {
        switch self {
        case .event(var event):
            event.flow = names[event.flow]
            self = .event(event)
        case .sample(let flow, let start, let sample): self = .sample(names[flow], start: start, sample)
        case .retired(var snapshot):
            let name = names[snapshot.identifier]
            guard name != snapshot.identifier else { return }
            snapshot.identifier = name
            self = .retired(snapshot)
        }
    }
}
