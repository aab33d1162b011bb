/// What is wrong with a theme file, and where.
package struct ThemeError: Error, Equatable, CustomStringConvertible {
    /// The theme whose text is at fault: the one asked for or one it inherits from.
    package var theme: String
    /// From 1; nil where no line is to blame.
    package var line: Int?
    /// A sentence without the place.
    package var message: String

    package var description: String {
        Words.themeError(theme: theme, line: line, message: message)
    }
}
