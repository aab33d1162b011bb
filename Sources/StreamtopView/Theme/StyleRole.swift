/// What a character means. A theme gives each role its looks; screens know roles only.
///
/// The list is closed: a theme that names another role is in error. The raw value is its place in a style table.
package enum StyleRole: UInt8, Sendable, CaseIterable {
    // Words
    case text, muted, label, value, unit, title, accent
    /// "Not known": the dash.
    case unknown
    /// The `~` and `≥` before a number, and the words of where it came from.
    case estimate
    /// A flow without traffic now.
    case idle
    case badge
    // Frame
    case border, tab, tabActive, columnHeader, columnSorted, key, keyText, input, inputError, match
    // Severities
    case fine, watch, act, headlineFine, headlineWatch, headlineAct
    // Small pictures
    case sparkline, gaugeFill, gaugeRest
    // Charts
    case axis, chartRoundTrip, chartQueue, chartInFlight, chartCongestionWindow, chartReceiveWindow, chartRateDown
    case chartRateUp, chartMinimum, markLoss, markRetransmission, markZeroWindow, cursor
    // Replay
    case seekDone, seekRest, seekMark

    /// Name in a theme file.
    package var name: String {
        switch self {
        case .text: "text"
        case .muted: "muted"
        case .label: "label"
        case .value: "value"
        case .unit: "unit"
        case .title: "title"
        case .accent: "accent"
        case .unknown: "unknown"
        case .estimate: "estimate"
        case .idle: "idle"
        case .badge: "badge"
        case .border: "border"
        case .tab: "tab"
        case .tabActive: "tab-active"
        case .columnHeader: "column"
        case .columnSorted: "column-sorted"
        case .key: "key"
        case .keyText: "key-text"
        case .input: "input"
        case .inputError: "input-error"
        case .match: "match"
        case .fine: "fine"
        case .watch: "watch"
        case .act: "act"
        case .headlineFine: "headline-fine"
        case .headlineWatch: "headline-watch"
        case .headlineAct: "headline-act"
        case .sparkline: "sparkline"
        case .gaugeFill: "gauge"
        case .gaugeRest: "gauge-rest"
        case .axis: "chart-axis"
        case .chartRoundTrip: "chart-rtt"
        case .chartQueue: "chart-queue"
        case .chartInFlight: "chart-flight"
        case .chartCongestionWindow: "chart-cwnd"
        case .chartReceiveWindow: "chart-rwnd"
        case .chartRateDown: "chart-rate-down"
        case .chartRateUp: "chart-rate-up"
        case .chartMinimum: "chart-minimum"
        case .markLoss: "mark-loss"
        case .markRetransmission: "mark-retransmission"
        case .markZeroWindow: "mark-zero-window"
        case .cursor: "cursor"
        case .seekDone: "seek-done"
        case .seekRest: "seek-rest"
        case .seekMark: "seek-mark"
        }
    }
}

extension Ground {
    /// Name in a theme file.
    package var name: String {
        switch self {
        case .screen: "screen"
        case .bar: "bar"
        case .selection: "selection"
        case .popup: "popup"
        case .popupSelection: "popup-selection"
        case .cursor: "cursor"
        }
    }
}
