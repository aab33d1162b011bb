/// What a user did, as far as the terminal can tell.
package enum Key: Hashable, Sendable {
    case character(Character)
    case up, down, left, right
    case shiftLeft, shiftRight
    case pageUp, pageDown
    case home, end
    case enter, escape, tab, backTab, backspace, insert, delete
    /// F1 is 1.
    case function(Int)
    /// Control with a letter, given in lower case.
    case control(Character)
    /// Text from the clipboard, as far as the terminal marks it. It is text, never keys.
    case paste(String)
    case mouse(MouseEvent)
    case resize(width: Int, height: Int)
}

package struct MouseEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case press, doubleClick, release, wheelUp, wheelDown
    }
    /// Column and row from 0 at the top left.
    package var x: Int
    package var y: Int
    package var kind: Kind

    package init(x: Int, y: Int, kind: Kind) {
        self.x = x
        self.y = y
        self.kind = kind
    }
}
