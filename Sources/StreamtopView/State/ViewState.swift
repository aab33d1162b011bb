import StreamtopBase
import StreamtopModel

/// All that the user's keys have made of the view. A value: the same state and picture draw the same screen.
package struct ViewState: Sendable {
    /// Size of the terminal, in cells.
    package var width: Int
    package var height: Int
    package internal(set) var isPaused = false
    /// The theme in use.
    package internal(set) var theme: String

    package init(width: Int, height: Int, theme: String = BuiltinTheme.name) {
        self.width = width
        self.height = height
        self.theme = theme
    }
}
