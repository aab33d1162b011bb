import StreamtopBase
import StreamtopModel

/// Calls that SIP set up, with the media that both ends agreed on.
enum SIPCalls {
    /// Own: a silence at the start of a call, or of one that was answered late, is no fault.
    private static let oneWay: Nanoseconds = .seconds(5)

    /// `besides`: flows that belong to calls already.
    static func calls(
        among flows: [FlowSnapshot], besides taken: Set<FlowIdentifier>, from number: Int, at time: Timestamp
    ) -> [CallSnapshot] {
        var calls: [CallSnapshot] = []
        var seen: Set<String> = []
        for flow in flows {
            for facts in flow.sip?.calls ?? [] where seen.insert(facts.callID).inserted {
                calls.append(
                    call(number + calls.count, facts, flow, flows.filter { !taken.contains($0.identifier) }, time))
            }
        }
        return calls
    }

    private static func call(
        _ number: Int, _ facts: SIPCallSnapshot, _ signalling: FlowSnapshot, _ flows: [FlowSnapshot], _ time: Timestamp
    ) -> CallSnapshot {
        var call = CallSnapshot(number: number, start: facts.invited, end: facts.ended ?? signalling.end)
        call.kind = .sip
        call.name = facts.callID
        var signal = CallSignalling(time: facts.invited, kind: .sip, method: "INVITE", from: facts.from)
        signal.status = facts.status
        signal.duration = facts.answered.map { $0 - facts.invited }
        call.signalling = [signal]
        let ends = Set((facts.media.client + facts.media.server).compactMap(\.endpoint))
        let media = flows.filter { flow in
            !flow.rtp.isEmpty && flow.end >= facts.invited
                && (ends.contains(flow.client.endpoint) || ends.contains(flow.server.endpoint))
        }
        call.flows = ([signalling.identifier] + media.map(\.identifier)).sorted()
        var sources: Set<UInt32> = []
        call.streams = media.flatMap { $0.rtp.map(\.source) }.filter { sources.insert($0).inserted }
        call.milestones = [CallMilestone(.signalling, at: facts.invited)]
        if let first = media.flatMap({ $0.rtp.map(\.start) }).min() {
            call.milestones.append(CallMilestone(.firstMedia, at: first))
            call.firstMedia = max(0, first - facts.invited)
            call.stage = .media
        }
        // Signalling may take another path than media; only between the same two hosts does silence here mean silence.
        let hosts = Set([signalling.client.endpoint.address, signalling.server.endpoint.address])
        let isSamePath = media.allSatisfy { Set([$0.client.endpoint.address, $0.server.endpoint.address]) == hosts }
        if isSamePath { judge(&call, facts, media, time) }
        return call
    }

    /// Both ends said that they send, and one alone did.
    private static func judge(
        _ call: inout CallSnapshot, _ facts: SIPCallSnapshot, _ media: [FlowSnapshot], _ time: Timestamp
    ) {
        guard let answered = facts.answered else { return }
        let end = facts.ended ?? time
        guard end - answered >= oneWay else { return }
        for (mine, theirs) in zip(facts.media.client, facts.media.server) {
            guard mine.sends == true, theirs.sends == true, mine.receives == true, theirs.receives == true,
                mine.kind == theirs.kind, let here = mine.endpoint,
                let there = theirs.endpoint
            else { continue }
            let toHere = received(at: here, media)
            let toThere = received(at: there, media)
            guard (toHere == nil) != (toThere == nil), let lasted = toHere ?? toThere, lasted >= oneWay else {
                continue
            }
            call.failure = .oneWayMedia
            call.unanswered = toHere == nil ? there : here
            return
        }
    }

    /// How long media came to an address; nil where nothing did. Packets too few to be known for a stream are no silence: the
    /// capture may hold a part of them.
    private static func received(at end: Endpoint, _ media: [FlowSnapshot]) -> Nanoseconds? {
        media.compactMap { flow -> Nanoseconds? in
            let direction: Direction? =
                flow.server.endpoint == end ? .fromClient : flow.client.endpoint == end ? .fromServer : nil
            guard let direction else { return nil }
            let lasted = flow.rtp.filter { $0.from == direction }.map { $0.end - $0.start }.max()
            let packets = direction == .fromClient ? flow.client.packets : flow.server.packets
            return lasted ?? (packets > 0 ? 0 : nil)
        }.max()
    }
}
