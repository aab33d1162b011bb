/// The theme that is always there: the text of `Themes/streamtop-dark.toml`, compiled in (a test holds the two equal).
package enum BuiltinTheme {
    package static let name = "streamtop-dark"

    /// Parsed; a theme without colours should the text ever be wrong (a test sees to it that it is not).
    package static let theme: Theme = (try? ThemeParser.parse(text, name: name)) ?? .plain

    package static let text = """
        # The default: night water. Calm greys for what is as it should be, so that amber and coral are seen at once.
        # Every colour repeats what a word or a shape already says.

        summary = "Deep ink with calm greys; amber and coral where it matters (default)"

        [palette]
        ink = "#0b1118"
        deep = "#101923"
        hull = "#172330"
        wave = "#1e3a52"
        line = "#2b3a4a"
        mist = "#64748a"
        fog = "#93a4b8"
        foam = "#c9d5e2"
        snow = "#f1f6fb"
        tide = "#45c8dc"
        sky = "#6fb1ff"
        leaf = "#79d88f"
        amber = "#f4bb4a"
        coral = "#ff7069"
        violet = "#b7a0ff"
        rose = "#f48fc0"
        sand = "#d8c690"

        [roles]
        text = "foam"
        muted = "mist"
        label = "fog"
        value = { fg = "snow", bold = true }
        unit = "mist"
        title = { fg = "tide", bold = true }
        accent = { fg = "tide", bold = true }
        unknown = "line"
        estimate = "violet"
        idle = "mist"
        badge = "sky"
        border = "line"
        tab = "mist"
        tab-active = { fg = "ink", bg = "tide", bold = true }
        column = "fog"
        column-sorted = { fg = "tide", bold = true, underline = true }
        key = { fg = "tide", bold = true }
        key-text = "mist"
        input = "snow"
        input-error = { fg = "coral", underline = true }
        match = { fg = "amber", bold = true }
        fine = "leaf"
        watch = "amber"
        act = { fg = "coral", bold = true }
        headline-fine = "leaf"
        headline-watch = { fg = "amber", bold = true }
        headline-act = { fg = "coral", bold = true }
        sparkline = "tide"
        gauge = "sky"
        gauge-rest = "line"
        chart-axis = "mist"
        chart-rtt = "tide"
        chart-queue = "amber"
        chart-flight = "sky"
        chart-cwnd = "violet"
        chart-rwnd = "leaf"
        chart-rate-down = "tide"
        chart-rate-up = "rose"
        chart-minimum = "mist"
        mark-loss = { fg = "coral", bold = true }
        mark-retransmission = "rose"
        mark-zero-window = { fg = "amber", bold = true }
        cursor = { fg = "snow", bold = true }
        seek-done = "tide"
        seek-rest = "line"
        seek-mark = { fg = "amber", bold = true }

        [grounds]
        screen = { fg = "foam", bg = "ink" }
        bar = { fg = "foam", bg = "hull" }
        selection = { bg = "wave" }
        popup = { fg = "foam", bg = "deep" }
        popup-selection = { bg = "wave" }
        cursor = { bg = "line" }

        """
}
