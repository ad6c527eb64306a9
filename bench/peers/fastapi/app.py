"""The comparison peer: uploads, downloads and usage figures as a FastAPI application, written
with care for speed: coroutines throughout, counters changed in one UPDATE, files written in
pieces, nothing synced.

    PEER_DATABASE_URL=sqlite:////tmp/peer.db PEER_DATA_DIR=/tmp/peer \\
        /usr/bin/python3 -m uvicorn app:app --port 9000 --workers 2
"""
import os
import uuid

from fastapi import Depends, FastAPI, File, Form, HTTPException, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import func
from sqlalchemy.orm import Session

import access
import processing
import settings
from store import Job, Usage, User, count, create_tables, now, usage_of

MB = 1024 * 1024

for folder in ("uploads", "processed"):
    os.makedirs(os.path.join(settings.DATA_DIR, folder), exist_ok=True)
create_tables()
processing.start()
app = FastAPI(title="usage peer")


class Signup(BaseModel):
    email: str = Field(..., min_length=3, max_length=254)
    username: str = Field(..., min_length=3, max_length=50)
    password: str = Field(..., min_length=8, max_length=72)


class Login(BaseModel):
    username_or_email: str
    password: str


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.post("/auth/signup", status_code=201)
def signup(data: Signup, db: Session = Depends(access.database)):
    taken = db.query(User).filter((User.email == data.email) | (User.username == data.username))
    if taken.first():
        raise HTTPException(400, "Email or username already registered")
    user = User(email=data.email, username=data.username,
                hashed_password=access.password_hash(data.password))
    db.add(user)
    db.commit()
    return {"id": user.id, "email": user.email, "username": user.username}


@app.post("/auth/login")
def login(data: Login, db: Session = Depends(access.database)):
    name = data.username_or_email
    user = db.query(User).filter((User.email == name) | (User.username == name)).first()
    if not user or not access.password_fits(data.password, user.hashed_password):
        raise access.unauthorized("Incorrect username/email or password")
    return {"access_token": access.token_make(str(user.id), "access"), "token_type": "bearer"}


@app.post("/guest/session")
async def guest_session(db: Session = Depends(access.database)):
    guest_id = str(uuid.uuid4())
    return {"guest_token": access.guest_make(db, guest_id), "guest_id": guest_id,
            "token_type": "bearer"}


async def store_upload(file: UploadFile, path: str) -> int:
    size = 0
    with open(path, "wb") as out:
        while piece := await file.read(settings.PIECE):
            size += len(piece)
            if size > settings.UPLOAD_MAX:
                os.unlink(path)
                raise HTTPException(413, "File too large. Maximum size: 100MB")
            out.write(piece)
    return size


@app.post("/audio/upload", status_code=201)
async def upload(file: UploadFile = File(...), processing_type: str = Form("speech_enhancement"),
                 caller: str = Depends(access.caller), db: Session = Depends(access.database)):
    extension = os.path.splitext(file.filename or "")[1].lower()
    if extension not in settings.FORMATS:
        raise HTTPException(400, "Invalid audio format")
    if processing_type not in settings.TYPES:
        raise HTTPException(400, "Unknown processing type")
    job_id = str(uuid.uuid4())
    path = os.path.join(settings.DATA_DIR, "uploads", job_id + extension)
    size = await store_upload(file, path)
    if size == 0:
        raise HTTPException(400, "The file is empty.")
    moment = now()
    count(db, caller, api_calls_count=Usage.api_calls_count + 1, last_api_call_at=moment,
          total_files_uploaded=Usage.total_files_uploaded + 1,
          total_input_bytes=Usage.total_input_bytes + size, last_upload_at=moment,
          first_upload_at=func.coalesce(Usage.first_upload_at, moment),
          processing_types=func.json_set(
              Usage.processing_types, f'$."{processing_type}"',
              func.coalesce(func.json_extract(Usage.processing_types,
                                              f'$."{processing_type}"'), 0) + 1))
    job = Job(job_id=job_id, caller=caller, original_filename=file.filename, file_size=size,
              processing_type=processing_type, input_path=path)
    db.add(job)
    db.commit()
    processing.waiting.put(job_id)
    return {"job_id": job_id, "status": "pending", "filename": os.path.basename(path),
            "original_filename": file.filename, "file_size": size,
            "created_at": job.created_at}


async def own_job(job_id: str, caller: str = Depends(access.caller),
                  db: Session = Depends(access.database)) -> Job:
    job = db.get(Job, job_id)
    if job is None:
        raise HTTPException(404, "Job not found")
    if job.caller != caller:
        raise HTTPException(403, "Not authorized")
    return job


@app.get("/audio/status/{job_id}")
async def status(job: Job = Depends(own_job)):
    return {"job_id": job.job_id, "status": job.status, "created_at": job.created_at,
            "completed_at": job.completed_at}


@app.get("/audio/download/{job_id}")
async def download(job: Job = Depends(own_job), db: Session = Depends(access.database)):
    if job.status != "completed":
        raise HTTPException(400, f"Job not completed: {job.status}")
    moment = now()
    count(db, job.caller, api_calls_count=Usage.api_calls_count + 1, last_api_call_at=moment,
          total_files_downloaded=Usage.total_files_downloaded + 1, last_download_at=moment)
    db.commit()
    stem = os.path.splitext(job.original_filename)[0]
    return FileResponse(job.output_path, filename=f"processed_{stem}.wav",
                        media_type="audio/wav")


def ratio(value: float, by: float) -> float:
    return round(value / by, 2) if by else 0


@app.get("/usage/me")
async def usage_me(caller: str = Depends(access.caller), db: Session = Depends(access.database)):
    u = usage_of(db, caller)
    ended = u.total_files_processed + u.total_files_failed
    return {
        "total_files_uploaded": u.total_files_uploaded,
        "total_files_processed": u.total_files_processed,
        "total_files_failed": u.total_files_failed,
        "total_files_downloaded": u.total_files_downloaded,
        "total_input_size_mb": ratio(u.total_input_bytes, MB),
        "total_output_size_mb": ratio(u.total_output_bytes, MB),
        "average_file_size_mb": ratio(u.total_input_bytes, u.total_files_uploaded * MB),
        "total_processing_time_minutes": ratio(u.total_processing_seconds, 60),
        "average_processing_time_seconds": ratio(u.total_processing_seconds, ended),
        "processing_types_breakdown": u.processing_types,
        "success_rate_percent": ratio(100 * u.total_files_processed, ended),
        "first_upload_at": u.first_upload_at, "last_upload_at": u.last_upload_at,
        "last_download_at": u.last_download_at, "api_calls_count": u.api_calls_count,
        "last_api_call_at": u.last_api_call_at, "created_at": u.created_at,
        "user_type": "authenticated" if caller.startswith("user:") else "guest",
    }
