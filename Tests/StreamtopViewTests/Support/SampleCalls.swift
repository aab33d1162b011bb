import StreamtopBase
import StreamtopModel

@testable import StreamtopView

/// Calls, their streams and their data channels.
enum SampleCalls {
    static let start = SampleSnapshots.now - .seconds(192)

    private static func at(_ milliseconds: Double) -> Timestamp { start + Nanoseconds(milliseconds * 1e6) }

    private static func trip(_ milliseconds: Double, _ source: RoundTripSource) -> RoundTripSnapshot {
        SampleSnapshots.summary(milliseconds, minimum: milliseconds * 0.8, p95: milliseconds * 1.4, source: source)
    }

    /// The flow that carries a call: audio and video out with losses that RTX repairs in part, audio back.
    static func media() -> FlowSnapshot {
        var flow = SampleSnapshots.flow(
            31, "198.51.100.7", 49_152, "192.0.2.77", 50_010, transport: .udp,
            protocols: ["ipv4", "udp", "stun", "dtls", "rtp"], up: 1_240_000, down: 38_000, lasted: .seconds(192))
        var video = RTPStreamSnapshot(source: 0x77c1_a2b3, from: .fromClient, start: at(331), end: SampleSnapshots.now)
        video.payloadTypes = [96]
        video.codec = "vp8"
        video.isVideo = true
        video.isEncrypted = true
        video.clockRate = 90_000
        video.packets = 40_664
        video.expected = 41_200
        video.lost = 1_401
        video.lostRepaired = 536
        video.bitrate = 1_180_000
        video.jitter = 14_000_000
        video.meanJitter = 9_100_000
        video.maximumJitter = 41_000_000
        video.frameJitter = 9_200_000
        video.bursts = [RTPBurstCount(length: 1, count: 212), RTPBurstCount(length: 2, count: 31)]
        video.longestBurst = 7
        video.frames = RTPFrameSnapshot(count: 4_560, rate: 23.9, medianBytes: 5_400)
        video.freezes = RTPFreezeSnapshot(count: 3, total: .milliseconds(1_900), longest: .milliseconds(820))
        video.keyFrames = 48
        video.keyFrameInterval = .milliseconds(4_000)
        video.nacks = 212
        video.nackedNumbers = 1_240
        video.nackedAgain = 744
        video.pictureLossIndications = 4
        video.fullIntraRequests = 0
        video.roundTrip = trip(180, .rtcp)
        video.recent = RTPRecentLoss(expected: 2_100, lost: 46)
        video.mediaClock = MediaClockSnapshot(advance: 191.6, wall: 191.61)
        video.seconds = (0..<40).map { index in
            let lost = [0, 0, 2, 0, 0, 0, 12, 0, 1, 0][index % 10]
            return RTPSecondSnapshot(
                time: Timestamp(seconds: 1_795_442_532 + Int64(index), nanoseconds: 0), expected: 210, lost: lost,
                lostFinal: index % 20 == 6 ? lost : 0, keyFrames: index % 4 == 0 ? 1 : 0)
        }
        var repeats = RTPStreamSnapshot(
            source: 0x77c1_a2b4, from: .fromClient, start: at(900), end: SampleSnapshots.now)
        repeats.repeats = video.source
        repeats.packets = 880
        repeats.repairs = 536
        repeats.probes = 31
        var audio = RTPStreamSnapshot(source: 0x1f2e_0001, from: .fromClient, start: at(340), end: SampleSnapshots.now)
        audio.payloadTypes = [111]
        audio.codec = "opus"
        audio.isVideo = false
        audio.clockRate = 48_000
        audio.expected = 9_550
        audio.packets = 9_545
        audio.lost = 5
        audio.bitrate = 38_000
        audio.jitter = 4_100_000
        audio.playout = RTPPlayoutSnapshot(buffer: .milliseconds(62), late: 4, underruns: 1)
        audio.voice = VoiceQualitySnapshot(last: 4.1, worst: 3.2, isWithoutDelay: true, isAssumed: true)
        audio.lipSync = -.milliseconds(22)
        var back = RTPStreamSnapshot(source: 0x0c55_00ff, from: .fromServer, start: at(420), end: SampleSnapshots.now)
        back.payloadTypes = [45]
        back.expected = 9_400
        back.packets = 9_400
        back.bitrate = 36_000
        flow.rtp = [video, repeats, audio, back]
        var rtcp = RTCPSnapshot()
        rtcp.reports = [
            RTCPReportRow(
                time: SampleSnapshots.now - .milliseconds(1_400), from: .fromServer, source: video.source,
                fractionLost: 0.021, lost: 865, jitterUnits: 900)
        ]
        flow.rtcp = rtcp
        return flow
    }

    /// The association beside it.
    static func channels() -> FlowSnapshot {
        var flow = SampleSnapshots.flow(
            33, "10.0.3.9", 60_122, "192.0.2.77", 50_011, transport: .udp,
            protocols: ["ipv4", "udp", "dtls", "sctp"], up: 9_000, down: 12_000, lasted: .seconds(180))
        var sctp = SCTPSnapshot()
        sctp.handshake = .milliseconds(84)
        sctp.roundTrip = trip(41, .sctp)
        sctp.client.bytes = 1_204_000
        sctp.client.dataChunks = 1_310
        sctp.client.retransmitted = 12
        sctp.client.fastRetransmissions = 9
        sctp.client.timeouts = 3
        sctp.client.abandoned = 4
        sctp.client.longestTimeout = .milliseconds(1_020)
        sctp.server.receiveWindow = SCTPSnapshot.Range(131_072)
        var chat = SCTPSnapshot.Stream(identifier: 0)
        chat.label = "chat"
        chat.isOrdered = true
        chat.client.messages = 41
        chat.client.bytes = 4_210
        chat.server.messages = 39
        chat.server.bytes = 3_900
        var state = SCTPSnapshot.Stream(identifier: 1)
        // A peer chooses the label: what would steer a terminal is spelled out.
        state.label = "state\u{1b}[31m\u{202e}gnp"
        state.subprotocol = "v1"
        state.isOrdered = false
        state.maximumRetransmissions = 0
        state.client.messages = 1_200
        state.client.bytes = 1_199_000
        state.resets = 1
        sctp.streams = [chat, state, SCTPSnapshot.Stream(identifier: 7)]
        flow.sctp = sctp
        return flow
    }

    static func dtls() -> DTLSSnapshot {
        var dtls = DTLSSnapshot()
        dtls.tls.version = "1.2"
        dtls.retransmittedFlights = 1
        dtls.tls.handshake.timeline = SampleHandshakes.steps(
            [
                (.clientHello, .fromClient, 206, 200, false, false),
                (.serverHello, .fromServer, 226, 100, false, false),
                (.certificate, .fromServer, 226, 700, false, false),
                (.certificate, .fromClient, 247, 700, false, false),
                (.finished, .fromClient, 247, 40, true, false), (.finished, .fromServer, 288, 40, true, false),
            ], from: start)
        return dtls
    }

    static func relayed() -> CallSnapshot {
        var call = CallSnapshot(number: 1, start: start, end: SampleSnapshots.now)
        let relay = SampleSnapshots.endpoint("198.51.100.7", 49_152)
        let local = SampleSnapshots.endpoint("10.0.3.9", 60_122)
        let mapped = SampleSnapshots.endpoint("203.0.113.4", 41_873)
        let peer = SampleSnapshots.endpoint("192.0.2.77", 50_010)
        call.flows = [31, 33].map { FlowIdentifier(number: $0) }
        func pair(
            _ local: Endpoint, _ type: CallSnapshot.CandidateType, _ remote: CallSnapshot.CandidateType,
            _ state: CallSnapshot.PairState, _ asked: Int, _ answered: Int
        ) -> CallSnapshot.Pair {
            var pair = CallSnapshot.Pair(
                flow: FlowIdentifier(number: 31), local: local, remote: peer, state: state,
                isNominated: answered > 0, requests: asked, responses: answered, requestsReceived: answered,
                responsesSent: answered)
            pair.localType = type
            pair.remoteType = remote
            return pair
        }
        call.pairs = [
            pair(local, .host, .host, .failed, 14, 0), pair(mapped, .srflx, .srflx, .failed, 14, 0),
            pair(relay, .relay, .srflx, .succeeded, 40, 40),
        ]
        call.pairs[2].roundTrip = trip(41, .stun)
        call.pairs[2].isRelayed = true
        call.selected = 2
        call.controlling = .local
        call.consent = CallSnapshot.Consent(sent: 38, answered: 38, lost: 0, last: .milliseconds(2_100))
        call.mapping = .addressAndPortDependent
        call.mapped = [mapped, SampleSnapshots.endpoint("203.0.113.4", 41_880)]
        call.reflectors = 2
        call.dtls = dtls()
        call.streams = [0x77c1_a2b3, 0x1f2e_0001, 0x0c55_00ff]
        var allocation = TURNAllocationSnapshot(
            relayed: relay, transport: "udp", lifetime: 600, expiresIn: .seconds(408))
        allocation.permissionExpiresIn = .seconds(108)
        allocation.channelExpiresIn = .seconds(408)
        allocation.bytes = 31_400_000
        call.allocations = [
            CallAllocation(
                flow: FlowIdentifier(number: 30), client: local,
                server: SampleSnapshots.endpoint("198.51.100.7", 3_478), allocation: allocation)
        ]
        var offer = CallSignalling(time: start, kind: .whip, method: "POST", from: .fromClient)
        offer.status = 201
        offer.duration = .milliseconds(62)
        call.signalling = [offer]
        call.milestones = [
            CallMilestone(.signalling, at: start), CallMilestone(.firstQuestion, at: at(64)),
            CallMilestone(.allocation, at: at(120)), CallMilestone(.firstCheck, at: at(74)),
            CallMilestone(.firstAnswer, at: at(181)), CallMilestone(.nominated, at: at(204)),
            CallMilestone(.clientHello, at: at(206)), CallMilestone(.handshakeDone, at: at(288)),
            CallMilestone(.firstMedia, at: at(331)), CallMilestone(.firstKeyFrame, at: at(412)),
        ]
        call.legs = [
            CallLeg(
                incoming: CallLeg.End(flow: FlowIdentifier(number: 31), source: 0x77c1_a2b3),
                outgoing: CallLeg.End(flow: FlowIdentifier(number: 33), source: 0x0000_4410), join: .pattern,
                lostIn: 1_401, lostInBox: 0, lostOut: nil,
                delay: CallLegDelay(p50: 1_200_000, p95: 3_000_000, maximum: 9_000_000), confidence: 0.93)
        ]
        call.firstMedia = .milliseconds(257)
        call.stage = .media
        return call
    }

    /// Both ends asked, nobody answered.
    static func failed() -> CallSnapshot {
        var call = CallSnapshot(number: 2, start: start, end: start + .seconds(12))
        let local = SampleSnapshots.endpoint("2001:db8:77::5", 51_000)
        let peer = SampleSnapshots.endpoint("2001:db8:99:4411:ab12:9:c0de:1", 50_010)
        call.flows = [FlowIdentifier(number: 41)]
        call.pairs = [
            CallSnapshot.Pair(
                flow: call.flows[0], local: local, remote: peer, state: .failed, isNominated: false, requests: 14,
                responses: 0, requestsReceived: 0, responsesSent: 0)
        ]
        call.stage = .checks
        call.failure = .checksUnanswered
        call.unanswered = peer
        call.milestones = [CallMilestone(.firstCheck, at: start)]
        return call
    }

    @Sendable static func many() -> Snapshot {
        var snapshot = SampleSnapshots.evening()
        snapshot.flows += [media(), channels()]
        snapshot.flowCount += 2
        snapshot.calls = [relayed(), failed()]
        return snapshot
    }
}
