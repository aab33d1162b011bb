import StreamtopBase

/// How much of the truth we got to see: drops, cuts, caps and our own cost.
package struct CaptureHealth: Equatable, Sendable {
    /// Frames the kernel dropped because we were too slow (ps_drop).
    package var kernelDrops: UInt64 = 0
    /// Frames the interface dropped (ps_ifdrop).
    package var interfaceDrops: UInt64 = 0
    /// Frames we took from the kernel and threw away ourselves.
    package var ownDrops: UInt64 = 0
    /// Capture time at which kernel or own drops were last seen to rise; nil when they never did.
    package var lastDrop: Timestamp?
    /// Frames that the capture kept only in part.
    package var truncatedFrames: UInt64 = 0
    package var decode = DecodeCounts()
    /// Frames that no flow could be made of, by reason.
    package var undecoded: [UndecodedCount] = []
    /// Every bounded table: how full, and how often its cap threw something away.
    package var tables: [TableHealth] = []
    /// What flows hold of the wire, and may; nil where nobody says.
    package var memory: MemoryBudget?
    /// Every cap there is.
    package var limits: [Limit] = []
    package var timestampsBackwards: UInt64 = 0
    package var clock = ClockSteps()
    /// No flow was answered, whichever server was asked: the capture is likely of one direction.
    package var isOneWay = false
    /// Packets that the capture holds more than once; nil where it does not.
    package var seenTwice: SeenTwice?
    /// This process: share of one core over the last second, and resident bytes. nil where not asked.
    package var ownCPU: Double?
    package var ownMemoryBytes: UInt64?
    /// What is wrong with the source right now, in words; nil when it is well.
    package var problem: String?
    /// Live: age of the oldest frame that the analysis is taking up, and the highest that age ever was. The kernel's buffer
    /// hides a slow analysis for many seconds before it drops anything.
    package var behind: Nanoseconds?
    package var longestBehind: Nanoseconds?
    /// Further behind than this nothing is judged: the picture is of a moment that has passed (own: a verdict is to be about
    /// what a user sees now, and people place what they see within two seconds of it).
    package static let judgeableLag: Nanoseconds = 2_000_000_000
    package var isTooFarBehind: Bool { (behind ?? 0) > Self.judgeableLag }
    package var source = SourceActivity.running
    /// Secrets of others' connections that were read; nil when none were given.
    package var secrets: Int?
    /// Why the key log that was named cannot be read, in words; nil where it can, or is not there yet.
    package var keyLogProblem: String?
    /// Files that were to be written beside the analysis and are not whole.
    package var failedOutputs: [FailedOutput] = []

    package init() {}
}

/// Whether more frames come from a pipe or from a file that is followed.
package enum SourceActivity: Equatable, Sendable {
    case running
    /// Nothing came for this long; more may.
    case silent(Nanoseconds)
    /// Nothing more comes; the last frames came this long ago.
    case ended(Nanoseconds)
}

/// A file that was to be written beside the analysis and could not be, or not whole.
package struct FailedOutput: Equatable, Sendable {
    package enum Kind: String, Sendable {
        /// What is captured (`-w`).
        case capture
        /// The packets of one flow.
        case flow
        case qlog
    }
    package var kind: Kind
    package var path: String
    /// In words, with the path.
    package var reason: String

    package init(kind: Kind, path: String, reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }
}

package struct UndecodedCount: Equatable, Sendable {
    package var reason: String
    package var packets: UInt64
    package init(reason: String, packets: UInt64) {
        self.reason = reason
        self.packets = packets
    }
}

/// A bounded table of ours and its counter of things thrown away.
package struct TableHealth: Equatable, Sendable {
    package var name: String
    package var used: Int
    package var capacity: Int
    package var evicted: UInt64
    package init(name: String, used: Int, capacity: Int, evicted: UInt64) {
        self.name = name
        self.used = used
        self.capacity = capacity
        self.evicted = evicted
    }
}
