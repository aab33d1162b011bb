/// What carries the meaning of a role or ground where there is no colour, or too little of it.
extension StyleRole {
    var monoAttributes: Attributes {
        switch self {
        case .act, .title, .tabActive, .value, .columnSorted, .markLoss, .seekDone, .match: [.bold]
        case .headlineAct: [.bold, .reverse]
        case .headlineWatch: [.bold]
        case .watch: [.underline]
        case .muted, .unit, .unknown, .idle, .border, .axis, .gaugeRest, .seekRest, .chartMinimum, .tab, .keyText:
            [.dim]
        case .key: [.bold]
        case .accent: [.bold]
        case .inputError: [.underline]
        default: []
        }
    }
}

extension Ground {
    var monoAttributes: Attributes {
        switch self {
        case .screen, .popup, .bar: []
        case .selection, .popupSelection, .cursor: [.reverse]
        }
    }

    /// The ground marks a choice of the user's: it must stand out from the screen on any terminal.
    var isChoice: Bool { !monoAttributes.isEmpty }
}
