import StreamtopBase
import StreamtopModel

/// All that the user's keys have made of the view. A value: the same state and picture draw the same screen.
package struct ViewState: Sendable {
    /// Size of the terminal, in cells.
    package internal(set) var width: Int
    package internal(set) var height: Int
    package internal(set) var isPaused = false
    /// The theme in use.
    package internal(set) var theme: String

    var page = Page.flows
    /// The selected flow's charts below the table, where the screen is tall enough.
    var showsPreview = true
    var table = TableState()
    /// The flow that is open, over whichever page.
    var openFlow: OpenFlow?
    /// Lists of rows of one kind, by their page.
    var lists: [Page: RowList] = [:]
    var verdicts = ListState()
    var events = ListState()
    var captureScroll = 0
    var hostScroll = 0
    /// First line shown of the page of handshakes, and the failure selected on it.
    var handshakes = ListState()
    /// The span in which charts are opened.
    var zoom = ChartZoom.standard
    var popup: Popup?
    var prompt: FilterPrompt?
    /// The text that is looked for on screen; empty for none.
    var search = ""
    /// The text being typed.
    var searchPrompt: String?
    var grouping = FlowGroup.Key.server
    var filterText = ""
    var filter = Filter.all
    var notice: Notice?
    /// When the user first asked to end all recordings: the second time, soon after, does it.
    var endRequested: Nanoseconds?
    /// When the user last touched a key or the mouse; nil before the first time.
    var lastInput: Nanoseconds?

    /// The flow whose charts are on screen, open or below the table: its whole series is wanted.
    package var chartedFlow: FlowIdentifier? { openFlow?.flow ?? (page == .flows ? table.selected : lists[page]?.flow) }

    package init(width: Int, height: Int, theme: String = BuiltinTheme.name) {
        self.width = width
        self.height = height
        self.theme = theme
    }
}

/// A page; its row in `PageTable` says what it is.
enum Page: Sendable {
    case live, sessions, calls, streams, flows, handshakes, verdicts, events, congestion, host, sockets, groups, capture
}

/// The table of flows.
struct TableState: Equatable, Sendable {
    var sort = FlowSort(column: .verdict, descending: true)
    /// All columns in the user's order, and those that are not shown.
    var columns = FlowColumn.allCases
    var hidden: Set<FlowColumn> = []
    /// Flows that have ended are not listed.
    var hidesEnded = false
    /// Flows that pass the filter, in the order shown.
    var rows: [FlowRow] = []
    /// The selection follows the flow, not the row.
    var selected: FlowIdentifier?
    /// First row shown.
    var scroll = 0
}

/// A row of the table: a flow, and where it stood in the picture the order was made from.
struct FlowRow: Equatable, Sendable {
    var flow: FlowIdentifier
    var hint: Int
}

struct FlowSort: Equatable, Sendable {
    var column: FlowColumn
    var descending: Bool
}

/// The screen of one flow.
struct OpenFlow: Equatable, Sendable {
    var flow: FlowIdentifier
    var tab = FlowTab.charts
    /// Where the time cursor stands; nil follows now.
    var cursor: Timestamp?
    var zoom = ChartZoom.standard
    var scroll = 0
}

/// A list with a selection.
struct ListState: Equatable, Sendable {
    var selected = 0
    var scroll = 0
}

enum Popup: Equatable, Sendable {
    case help(scroll: Int)
    case sort(selected: Int)
    case columns(selected: Int)
    case export(selected: Int)
    /// `before` is the theme to go back to when the user thinks better of it.
    case theme(selected: Int, before: String)
}

/// The filter being typed.
struct FilterPrompt: Equatable, Sendable {
    var text: String
    /// Why the text does not work yet; the last one that did stays in force.
    var error: FilterError?
    /// What was in force before, for Escape.
    var before: String
}

/// A line for the user that goes away by itself.
struct Notice: Equatable, Sendable {
    var text: String
    var severity: Verdict.Severity
    var since: Nanoseconds

    static let displayedFor: Nanoseconds = .seconds(4)
}

/// How much time the charts of a flow span.
enum ChartZoom: Int, CaseIterable, Sendable {
    case seconds5, seconds15, standard, minutes5, all

    /// nil: all there is.
    var span: Nanoseconds? {
        switch self {
        case .seconds5: .seconds(5)
        case .seconds15: .seconds(15)
        case .standard: .seconds(60)
        case .minutes5: .seconds(300)
        case .all: nil
        }
    }
}
