"""Who is asking: tokens, passwords, guests."""
import datetime as dt
from typing import Optional

import bcrypt
import jwt
from fastapi import Depends, Header, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

import settings
from store import GuestSession, SessionLocal, User, now

bearer = HTTPBearer(auto_error=False)


async def database():
    """A session per request. A coroutine: no hop to the thread pool."""
    with SessionLocal() as db:
        yield db


def token_make(subject: str, kind: str) -> str:
    expires = now() + dt.timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
    return jwt.encode({"sub": subject, "type": kind, "exp": expires}, settings.SECRET, "HS256")


def guest_make(db: Session, guest_id: str) -> str:
    """A new guest's row and token. The row is what a token's use is checked against."""
    db.add(GuestSession(guest_id=guest_id, expires_at=now() + dt.timedelta(days=7)))
    db.commit()
    return token_make(guest_id, "guest")


def password_hash(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(12)).decode()


def password_fits(password: str, hashed: str) -> bool:
    return bcrypt.checkpw(password.encode(), hashed.encode())


def unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


async def caller(credentials: Optional[HTTPAuthorizationCredentials] = Depends(bearer),
                 x_guest_id: Optional[str] = Header(None),
                 db: Session = Depends(database)) -> str:
    """"user:ID" of a live account or "guest:ID"; 401 for anything else."""
    if credentials is None:
        if not x_guest_id:
            raise unauthorized("Not authenticated")
        return f"guest:{x_guest_id}"
    try:
        claims = jwt.decode(credentials.credentials, settings.SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise unauthorized("Could not validate credentials") from error
    if claims.get("type") == "guest":
        guest = db.get(GuestSession, claims["sub"])
        if guest is None or guest.is_revoked:
            raise unauthorized("Guest session not found or revoked")
        return f"guest:{guest.guest_id}"
    user = db.get(User, int(claims["sub"]))
    if user is None or not user.is_active:
        raise unauthorized("User not found or inactive")
    return f"user:{user.id}"
