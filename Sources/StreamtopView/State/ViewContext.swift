import StreamtopBase
import StreamtopModel

/// What the reducer and the screens look at beside the state: the picture of now and the circumstances it is shown in.
package struct ViewContext: Sendable {
    package var snapshot: Snapshot
    /// A clock that only goes forward, in nanoseconds; its origin does not matter.
    package var now: Nanoseconds
    package var replay: ReplayStatus?
    package var source: SourceLabel
    /// The characters that the terminal can show.
    package var glyphs: GlyphSet
    /// What packets are being written to.
    package var recordings = RecordingStatus()
    /// Added to capture time (UTC) for the times of day on screen.
    package var utcOffsetSeconds: Int
    /// Themes to choose from, in the order to show.
    package var themes: [ThemeListing]

    package init(
        snapshot: Snapshot, now: Nanoseconds, replay: ReplayStatus? = nil, source: SourceLabel,
        glyphs: GlyphSet = .unicode,
        utcOffsetSeconds: Int = 0, themes: [ThemeListing] = []
    ) {
        self.snapshot = snapshot
        self.now = now
        self.replay = replay
        self.source = source
        self.glyphs = glyphs
        self.utcOffsetSeconds = utcOffsetSeconds
        self.themes = themes
    }
}

extension ViewContext {
    /// The flow of that number; nil when it has left the table.
    func flow(_ identifier: FlowIdentifier) -> FlowSnapshot? {
        snapshot.flowIndex(identifier).map { snapshot.flows[$0] }
    }
}

/// Files that packets are being written to; they end with the program, or when the user ends them.
package struct RecordingStatus: Equatable, Sendable {
    /// Flows with a file of their own.
    package var flows: Set<FlowIdentifier>
    /// All that is captured goes to a file.
    package var hasCopy: Bool

    package init(flows: Set<FlowIdentifier> = [], hasCopy: Bool = false) {
        self.flows = flows
        self.hasCopy = hasCopy
    }

    package var count: Int { flows.count + (hasCopy ? 1 : 0) }
}

/// Where the packets come from, for the header line.
package struct SourceLabel: Equatable, Sendable {
    package enum Kind: Sendable {
        case live, file, demo
    }
    package var kind: Kind
    /// Interface or file names as the user gave them.
    package var name: String
    /// Capture filter, empty when none.
    package var filter: String

    package init(kind: Kind, name: String, filter: String = "") {
        self.kind = kind
        self.name = name
        self.filter = filter
    }
}

/// Name and one sentence, for the theme picker and `--list-themes`.
package struct ThemeListing: Equatable, Sendable {
    package var name: String
    package var summary: String

    package init(name: String, summary: String) {
        self.name = name
        self.summary = summary
    }
}
