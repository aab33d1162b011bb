import StreamtopBase
import StreamtopModel

/// One line of the rule table: a symptom, the figures that prove it, the judgement, and the advice. Rules are data;
/// `FlowDiagnosis` is the only one that runs them.
package struct Rule: Sendable {
    /// The number in the rule table of docs/reading-the-numbers.md.
    package var number: Int
    /// The stable name in JSON and filters.
    package var name: String
    package var group: Group
    /// What a person would complain of.
    package var symptom: String
    package var thresholds: [Threshold]
    /// When it must stay silent although its figures look right.
    package var silentWhen: [String]
    /// Rules that name the same problem better: while one of them fires for this flow, this one is silent.
    package var yieldsTo: Set<Int>
    /// How long the figures must stand before the rule speaks, and be gone before it stops.
    var hold: Hold
    /// What must be known for the rule to be asked at all.
    var needs: Needs
    var judge: Judge

    /// Order of verdicts: what blinds us, then connections that fail, then what cuts the line, then the ends, then the
    /// path.
    package enum Group: Int, Sendable {
        case capture, connection, host, connectivity, endpoint, path, application
    }

    /// Enter and leave times (handbook 11.1: 3 s and 10 s). A count that cannot be taken back needs neither.
    struct Hold: Sendable {
        var enter: Nanoseconds
        var leave: Nanoseconds
        /// What a flow that ended must have lasted: the enter time, unless the figures count the whole of it.
        var life: Nanoseconds

        init(enter: Nanoseconds, leave: Nanoseconds, life: Nanoseconds? = nil) {
            self.enter = enter
            self.leave = leave
            self.life = life ?? enter
        }

        static let standard = Hold(enter: .seconds(3), leave: .seconds(10))
        static let atOnce = Hold(enter: 0, leave: .seconds(10))
    }

    /// Facts without which a rule has nothing to go by. Most flows lack most of them.
    struct Needs: OptionSet, Sendable {
        let rawValue: UInt32

        // Of the flow: whose handshake or headers the rule reads.
        static let tcp = Needs(rawValue: 1)
        static let quic = Needs(rawValue: 2)
        /// TLS or DTLS.
        static let security = Needs(rawValue: 4)
        static let fragmentation = Needs(rawValue: 8)
        static let media = Needs(rawValue: 2048)
        static let sctp = Needs(rawValue: 4096)
        static let relay = Needs(rawValue: 8192)
        /// Whatever carries it.
        static let webSocket = Needs(rawValue: 16384)
        static let http2 = Needs(rawValue: 1 << 21)
        /// RTMP, RTSP or a WebSocket, in which media may bear a clock.
        static let mediaClock = Needs(rawValue: 1 << 22)
        /// SRT or an MPEG transport stream.
        static let contribution = Needs(rawValue: 1 << 23)
        /// What this host's kernel says of its buffers and settings.
        static let host = Needs(rawValue: 1 << 24)

        // Of a sender, whatever its transport.
        /// A queue on its path.
        static let queue = Needs(rawValue: 16)
        /// The share of its packets that was lost, and what to.
        static let losses = Needs(rawValue: 32)
        /// What held it, over time, and for long enough to judge.
        static let limits = Needs(rawValue: 64)
        /// What it sent again, and why: the repetition of a range can be seen.
        static let repetitions = Needs(rawValue: 128)
        /// The window that its receiver offers.
        static let receiveWindow = Needs(rawValue: 256)
        static let firstFlight = Needs(rawValue: 512)
        /// What it waited for: timers, and where the receiver offers no window, credit.
        static let waits = Needs(rawValue: 1 << 20)

        // What few senders have. A rule of such a thing is not asked about the others.
        /// It sent something again, held something for lost, or its timer fired.
        static let repairs = Needs(rawValue: 1024)
        /// Some of its packets stand behind later ones, or behind their own acknowledgments.
        static let disorder = Needs(rawValue: 1 << 14)
        /// It began again with a small window after a pause.
        static let restarts = Needs(rawValue: 1 << 15)
        /// Its receiver closed the window.
        static let closedWindow = Needs(rawValue: 1 << 16)
        /// Data of it that was acknowledged and not captured.
        static let missedData = Needs(rawValue: 1 << 17)
        /// Its peer has left, delays its answers, or reports blocks that lie nowhere.
        static let unusualPeer = Needs(rawValue: 1 << 18)
        /// ECN was agreed upon, or packets are marked.
        static let marks = Needs(rawValue: 1 << 19)

        init(rawValue: UInt32) { self.rawValue = rawValue }

        /// What `flow` has.
        init(of flow: borrowing FlowSnapshot) {
            self = []
            if flow.$tcp != nil { insert(.tcp) }
            if flow.$quic != nil { insert(.quic) }
            if flow.$tls != nil { insert(.security) }
            if flow.$dtls != nil { insert(.security) }
            if flow.fragmentation != nil { insert(.fragmentation) }
            if !flow.rtp.isEmpty { insert(.media) }
            if flow.$sctp != nil { insert(.sctp) }
            if flow.$turn != nil { insert(.relay) }
            if flow.$webSocket != nil { formUnion([.webSocket, .mediaClock]) }
            if flow.$http2 != nil { insert(.http2) }
            if flow.$rtmp != nil { insert(.mediaClock) }
            if flow.$rtsp != nil { insert(.mediaClock) }
            if flow.$srt != nil { insert(.contribution) }
            if flow.$transportStream != nil { insert(.contribution) }
            if flow.$host != nil { insert(.host) }
        }

        /// What is known of a sender.
        init(of sender: borrowing SenderSnapshot, hasQueue: Bool, isLimitKnown: Bool) {
            self = []
            if sender.$waits != nil { insert(.waits) }
            if hasQueue { insert(.queue) }
            if sender.lossRatio != nil { insert(.losses) }
            if isLimitKnown { insert(.limits) }
            if sender.initialWindowBytes != nil { insert(.firstFlight) }
            // Two at a time: of four, `max` would make an array.
            let held = max(sender.loss.policed, sender.heldForLost ?? 0)
            if max(max(sender.loss.congestive, sender.loss.random), held) > 0 { insert(.repairs) }
            if sender.outOfOrder > 0 { insert(.disorder) }
            if sender.idleRestarts ?? 0 > 0 { insert(.restarts) }
            if sender.missedBytes > 0 { insert(.missedData) }
            if sender.cePackets > 0 { insert(.marks) }
        }

        /// What TCP tells of a sender beside that, and of the receiver of its data.
        init(of end: borrowing TCPEndpointSnapshot, receiver: borrowing TCPEndpointSnapshot) {
            self = [.repetitions, .receiveWindow]
            if max(end.retransmissions.packets, end.timeouts, end.recoveries ?? 0) > 0 { insert(.repairs) }
            if end.displacedSegments > 0 { insert(.disorder) }
            if receiver.zeroWindowTime > 0 { insert(.closedWindow) }
            if end.peerGone != nil { formUnion([.unusualPeer, .waits]) }
            if end.brokenSACKOffset != nil { insert(.unusualPeer) }
            if end.delayedAckWaits > 0 { insert(.unusualPeer) }
            if end.ecnNegotiated == true { insert(.marks) }
            if !isDisjoint(with: [.repairs, .closedWindow]) { insert(.waits) }
        }
    }

    enum Judge: Sendable {
        /// Asked once for a flow of any transport.
        case flow(@Sendable (FlowSnapshot) -> Finding?)
        /// Asked about the capture as a whole, about once a second.
        case capture(@Sendable (CaptureHealth) -> Finding?)
        /// Asked for each end of a flow as the sender of data, where the facts of `needs` are known.
        case sender(@Sendable (borrowing SenderCase) -> Finding?)
        /// Asked about this host, where its kernel tells, about once a second.
        case host(@Sendable (HostSnapshot) -> Finding?)
        /// Asked once for a call, which has several flows.
        case call(@Sendable (CallSnapshot) -> Finding?)
        /// Asked once for a media session, which may have several flows.
        case session(@Sendable (MediaSessionSnapshot) -> Finding?)
    }

    init(
        _ number: Int, _ name: String, _ group: Group, symptom: String, thresholds: [Threshold],
        silentWhen: [String] = [], yieldsTo: Set<Int> = [], hold: Hold = .standard, needs: Needs = [],
        judge: Judge
    ) {
        self.number = number
        self.name = name
        self.group = group
        self.symptom = symptom
        self.thresholds = thresholds
        self.silentWhen = silentWhen
        self.yieldsTo = yieldsTo
        self.hold = hold
        self.needs = needs
        self.judge = judge
    }

    /// Position among verdicts of one flow. Remarks come after everything that asks for action.
    func priority(of severity: Verdict.Severity) -> Int {
        (severity == .info ? 1000 : 0) + group.rawValue * 100 + number
    }
}

/// A figure that a rule compares with, where it comes from, and what it counts.
package struct Threshold: Sendable {
    package enum Unit: String, Sendable {
        case milliseconds = "ms"
        case percent = "%"
        case count = ""
        case ratio = "of 1"
        case bytes = "B"
        case segments
    }
    package var meaning: String
    package var value: Double
    package var unit: Unit
    /// A standard, a paper, the kernel, or "own" where no published figure exists.
    package var source: String

    init(_ meaning: String, _ value: Double, _ unit: Unit, source: String) {
        self.meaning = meaning
        self.value = value
        self.unit = unit
        self.source = source
    }
}

/// What a rule found; `FlowDiagnosis` makes a `Verdict` of it once it has held long enough.
struct Finding: Sendable {
    var severity: Verdict.Severity
    var subject: Verdict.Subject
    /// Which way what waits or is lost was going, where that was measured.
    var direction: Verdict.Travel?
    /// A plain sentence: which part of the flow, which buffer, how much.
    var summary: String
    var evidence: [Verdict.Evidence]
    /// What to do, and at which end.
    var advice: String
    /// 0 to 1; below 0.5 the sentence says "possible" and the severity is a remark.
    var confidence: Double
    /// It rests on the other end's silence, which a capture of one direction shows of everyone.
    var restsOnSilence = false
    /// How the same is told of many connections, after "40 of 40 connections to …"; empty where nobody tells it so.
    var ofMany = ""
}
