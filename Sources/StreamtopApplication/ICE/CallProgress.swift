import StreamtopBase
import StreamtopModel

/// How far a call came, when, and at which stage it failed.
enum CallProgress {
    static func fill(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot], at time: Timestamp)
    {
        fillMilestones(&call, flows, relays)
        fillSetUp(&call)
        judge(&call, flows, relays, at: time)
    }

    // MARK: When

    private static func fillMilestones(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot]) {
        var found: [CallMilestone] = []
        func add(_ step: CallMilestone.Step, _ times: [Timestamp?]) {
            if let first = times.compactMap({ $0 }).min() { found.append(CallMilestone(step, at: first)) }
        }
        let ends = flows.flatMap { flow in flow.ice.map { [$0.client, $0.server] } ?? [] }
        add(.firstCheck, flows.map { $0.ice?.firstCheck })
        add(.firstAnswer, ends.map(\.firstAnswer))
        add(.nominated, ends.map(\.nominated))
        add(.allocation, relays.filter { $0.turn?.allocation != nil }.map(\.start))
        let steps = call.dtls?.tls.handshake.timeline ?? []
        add(.clientHello, [steps.first { $0.step == .clientHello }?.time])
        let finished = Direction.allCases.compactMap { direction in
            steps.first { $0.step == .finished && $0.from == direction }?.time
        }
        if finished.count == 2 { add(.handshakeDone, [finished.max()]) }
        add(.firstMedia, flows.flatMap { $0.rtp.map(\.start) })
        add(.firstKeyFrame, flows.flatMap { $0.rtp.map(\.firstKeyFrame) })
        call.milestones = found.sorted { $0.time < $1.time }
    }

    private static func fillSetUp(_ call: inout CallSnapshot) {
        let found = call.milestones
        func time(_ step: CallMilestone.Step) -> Timestamp? { found.first { $0.step == step }?.time }
        guard let first = time(.firstCheck) else { return }
        if let done = time(.nominated) { call.iceSetup = done - first }
        if let media = time(.firstMedia), media >= first { call.firstMedia = media - first }
        if let hello = time(.clientHello), let last = time(.handshakeDone) { call.dtlsSetup = last - hello }
    }

    // MARK: What became of it

    private static func judge(
        _ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot], at time: Timestamp
    ) {
        call.stage = .checks
        if call.pairs.contains(where: \.isNominated) { call.stage = .nominated }
        if call.dtls != nil { call.stage = .dtls }
        if !call.streams.isEmpty || flows.contains(where: { $0.sctp != nil }) { call.stage = .media }
        let isFinal = flows.allSatisfy(\.isFinal)
        if call.stage == .checks { return judgeChecks(&call, flows, relays, isFinal: isFinal) }
        // Where the relay's service ran out, that is why nobody answers.
        if let lapsed = call.allocations.first(where: { isLost($0) && isCarrier($0.flow, of: call, flows) }) {
            call.failure = .relayLapsed
            call.unanswered = lapsed.server
            return
        }
        if judgeConsent(&call, flows, relays) { return }
        if call.stage < .media { return judgeHandshake(&call, flows, at: time, isFinal: isFinal) }
        if isWithoutKeyFrame(flows) { call.failure = .noKeyFrame }
    }

    /// Agents check for ten seconds and more before they give up (own).
    private static let shortest: Nanoseconds = .seconds(5)
    private static let shortestAtEnd: Nanoseconds = .seconds(2)

    private static func judgeChecks(
        _ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot], isFinal: Bool
    ) {
        let first = flows.compactMap { $0.ice?.firstCheck }.min()
        let last = flows.compactMap { flow in
            [flow.ice?.client.lastRequest, flow.ice?.server.lastRequest].compactMap { $0 }.max()
        }.max()
        guard let first, let last else { return }
        if call.pairs.contains(where: { $0.state == .succeeded }) {
            // The controlling end waits for better pairs before it nominates, a second or two (RFC 8445 section 8.1.1).
            let answered = flows.compactMap { flow in
                [flow.ice?.client.firstAnswer, flow.ice?.server.firstAnswer].compactMap { $0 }.min()
            }.min()
            if let answered, last - answered > (isFinal ? shortestAtEnd : shortest) { call.failure = .noNomination }
            return
        }
        guard last - first > shortest || (isFinal && last - first > shortestAtEnd) else { return }
        // A relay was asked for and gave nothing.
        let asked = relays.filter { $0.turn?.allocation == nil && ($0.stun?.requests ?? 0) > 0 }
        if let refused = asked.first, call.allocations.isEmpty {
            call.failure = .noRelay
            call.unanswered = refused.server.endpoint
        } else {
            call.failure = .checksUnanswered
            call.unanswered = call.pairs.first { $0.requests > 0 }?.remote
        }
    }

    /// Three checks without an answer (RFC 7675 section 5.1 asks every five seconds or so, some agents more often), and own: six
    /// seconds at least.
    private static let consentMisses = 3
    private static let consentSilence: Nanoseconds = .seconds(6)

    private static func judgeConsent(
        _ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot]
    ) -> Bool {
        guard let selected = call.selected, let ice = flows[selected].ice else { return false }
        let local = CallPairs.isLocalClient(flows[selected], relays) ? ice.client : ice.server
        guard local.unanswered >= consentMisses, let last = local.lastAnswer, let asked = local.lastRequest,
            asked - last >= consentSilence
        else { return false }
        call.failure = .consentLost
        call.unanswered = call.pairs[selected].remote
        return true
    }

    /// The client went on sending for seconds after what it needed had run out.
    private static func isLost(_ allocation: CallAllocation) -> Bool {
        guard let at = allocation.allocation.lapsedAt, let last = allocation.allocation.lastLapsedUse else {
            return false
        }
        return last - at >= .seconds(2)
    }

    private static func isCarrier(_ relay: FlowIdentifier, of call: CallSnapshot, _ flows: [FlowSnapshot]) -> Bool {
        guard let selected = call.selected else { return false }
        return flows[selected].parent == relay
    }

    /// Own: a ClientHello is repeated after 50 ms to 1 s, doubling (RFC 9147 section 5.8.1); in three seconds two repetitions went by.
    private static let handshakeWait: Nanoseconds = .seconds(3)
    /// Datagrams from here on do not fit every path (1,280 bytes of IPv6 less headers).
    private static let largestSafe = 1_232

    private static func judgeHandshake(
        _ call: inout CallSnapshot, _ flows: [FlowSnapshot], at time: Timestamp, isFinal: Bool
    ) {
        guard let carrier = flows.first(where: { $0.dtls != nil }), let dtls = carrier.dtls else { return }
        let steps = dtls.tls.handshake.timeline
        guard let hello = steps.first(where: { $0.step == .clientHello }) else { return }
        let isDone = steps.contains { $0.step == .finished }
        let lasted = (isFinal ? carrier.end : time) - hello.time
        guard lasted >= handshakeWait else { return }
        if isDone {
            // Agreed on, and nothing followed: data channels show as records even where they cannot be read.
            let hasData = steps.contains { $0.step == .firstApplicationData }
            if lasted >= shortest, !hasData { call.failure = .noMedia }
            return
        }
        guard dtls.retransmittedFlights >= 2 else { return }
        let hasAnswer = steps.contains { $0.from == hello.from.reversed }
        let sizes = carrier.datagramSizes.map { hello.from == .fromClient ? $0.server : $0.client }
        let isBig = (sizes?.maximum ?? 0) > largestSafe || (carrier.fragmentation?.incomplete ?? 0) > 0
        if !hasAnswer {
            call.failure = .dtlsUnanswered
            call.unanswered =
                (hello.from == .fromClient ? carrier.server : carrier.client).endpoint
        } else if isBig {
            call.failure = .dtlsTooBig
        }
    }

    /// Own: a stream of pictures begins with a key frame, and one that is asked for comes within a second or two.
    private static let keyFrameWait: Nanoseconds = .seconds(3)

    /// Video whose beginning was seen, whose key frames can be told, and that has none though it was asked for some.
    private static func isWithoutKeyFrame(_ flows: [FlowSnapshot]) -> Bool {
        let video = flows.flatMap { flow in
            flow.rtp.filter {
                $0.isVideo == true && !$0.isRepair && $0.end - $0.start >= keyFrameWait
                    && $0.start > (flow.ice?.nominated ?? flow.end)
            }
        }
        guard !video.isEmpty else { return false }
        return video.contains { stream in
            stream.keyFrames == 0 && (stream.pictureLossIndications ?? 0) + (stream.fullIntraRequests ?? 0) >= 2
        }
    }
}
